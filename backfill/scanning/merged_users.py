"""Users that a mapping merges into others: two accounts of one person, of which one is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.key_index import number_of


class Merge(NamedTuple):
    """A row that is merged into another one of its table: the ids of both as their column holds them."""

    user: Any
    into: Any


def merges_of(table: MappedTable) -> list[Merge]:
    """The accounts of a table that are merged, each once, in the order of the mapping."""
    column, found = table.column("id") or "", dict[Any, Merge]()
    for each in table.rule.decisions:
        if each.do == "merge" and each.to is not None and len(each.key) == 1:
            user = table.stored(column, each.key[0])
            found.setdefault(user, Merge(user, table.stored(column, each.to)))
    return list(found.values())


class MergedUsers:
    """Who is kept in place of whom, by the numbers that an index of keys holds."""

    def __init__(self, tables: Iterable[MappedTable] = ()) -> None:
        self._kept = {number_of(each.user): each.into for table in tables for each in merges_of(table)}

    def kept(self, user: Any) -> Any:
        """The id of a user, or of the one that it is merged into."""
        return self._kept.get(number_of(user), user) if self._kept else user

    def number(self, user: Any) -> int:
        """The number of that id."""
        return number_of(self.kept(user))


NONE_MERGED = MergedUsers()
