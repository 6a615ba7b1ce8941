"""References of legacy rows to users and scripts: whose rows they are with us, looked up by their migrated keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from backfill.domains.base import BackfillContext
from backfill.domains.flat.read_ahead import read_ahead
from backfill.mapping.row_names import bytes_named
from backfill.scanning.key_index import KeyIndex, number_of
from backfill.scanning.merged_users import MergedUsers
from backfill.scanning.scope import NO_OWNER
from backfill.translate.row_keys import row_key
from repos.backfill.legacy_keys import LegacyKeys
from repos.legacy.connection import Source
from repos.legacy.rows import read_pages

# Ids that are remembered between batches.
MAX_REMEMBERED = 200_000
# The hash of a row whose id is given, while the row itself has not come over.
RESERVED = bytes(16)


class _Reading(Protocol):
    @property
    def legacy_keys(self) -> LegacyKeys: ...


class References:
    """Our ids of the rows of a target, by their legacy ids. Only rows that came over are found."""

    def __init__(self, context: BackfillContext, target: str) -> None:
        self._tables = [table.name for table in context.tables_for(target)]
        self._known: dict[str, int] = {}

    def find(self, tx: _Reading, values: Iterable[Any]) -> dict[str, int]:
        """The ids of those that came over, by `row_key`; NULL has none."""
        # Most values are there several times. A number and a text may be equal, and not the same key.
        distinct = {(value.__class__, value) for value in values if value is not None}
        keys = {row_key((value,)) for _, value in distinct}
        found = {key: self._known[key] for key in keys if key in self._known}
        missing = keys - found.keys()
        for table in self._tables:
            if missing:
                rows = tx.legacy_keys.find(table, missing)
                found |= {key: row.our_id for key, row in rows.items()}
                missing -= rows.keys()
        if len(self._known) + len(found) > MAX_REMEMBERED:
            self._known.clear()
        self._known |= found
        return found

    def named(self, tx: _Reading, name: Any) -> int | None:
        """Our id of the row that a mapping names by its legacy id, bytes in hexadecimal digits; None if none came."""
        data = bytes_named(name) if isinstance(name, str) else None
        found = self.find(tx, (name, data))
        return next((found[key] for key in (row_key((name,)), row_key((data,))) if key in found), None)


class ScriptOwners:
    """The scripts of the source and their owners, in sixteen bytes a script; read once for each open source."""

    def __init__(self, context: BackfillContext) -> None:
        self._owners = KeyIndex()
        self._merged = MergedUsers(context.tables_for("users"))
        for table in context.tables_for("scripts"):
            owner = table.column("user_id")
            names = [str(table.column("id")), *([owner] if owner is not None else [])]
            for page in read_ahead(read_pages(context.source, table.table, names)):
                for _, values in page:
                    if values[0] is None:
                        continue  # a script without an id has no rows elsewhere
                    user = values[1] if owner is not None else None
                    self._owners.add(number_of(values[0]), NO_OWNER if user is None else self._merged.number(user))
                del page  # or it would stay while the next one is awaited

    def __contains__(self, script: Any) -> bool:
        return number_of(script) in self._owners

    def owner(self, script: Any) -> int | None:
        """The owner of a script as a number, NO_OWNER if it has none; None if there is no such script."""
        return self._owners.get(number_of(script))

    def conflict(self, owner: int | None, user: Any) -> bool:
        """Whether a user is another one than the owner of a script."""
        return owner not in (None, NO_OWNER) and owner != self._merged.number(user)


_OWNERS: WeakKeyDictionary[Source, tuple[object, ScriptOwners]] = WeakKeyDictionary()


def script_owners(context: BackfillContext) -> ScriptOwners:
    """The owners of the source's scripts."""
    known = _OWNERS.get(context.source)
    if known is None or known[0] != context.mapping:
        known = context.mapping, ScriptOwners(context)
        _OWNERS[context.source] = known
    return known[1]
