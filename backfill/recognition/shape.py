"""The shape of a legacy table: which columns it has, what it becomes with us, and which history it holds.

Tables are recognised one by one, because applications were migrated halfway: leftover tables of an older generation
stand next to those of a newer one. Names are compared in snake case, so that `scriptId` and `script_id` are one column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from repos.legacy.catalog import Table

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^0-9a-z]+")

NO_HISTORY = "none"
HEAD_ONLY = "latest text only"
FULL_SAVES = "full saves"
PATCHES = "patches"
LINKED_LINES = "linked lines"
BRANCHES = "full saves on branches"
HASHES = "hashes only"


def snake(name: str) -> str:
    """A name in snake case: `createdAt`, `CreatedAt` and `created_at` are one column."""
    return _OTHER.sub("_", _HUMP.sub("_", name).lower()).strip("_")


@dataclass(frozen=True)
class Shape:
    """One kind of legacy table. `becomes` is a target of the mapping (`backfill.mapping.targets`).

    A table has the shape if its name is among `names` (empty: any name), it has every column of `has`, one of each
    group in `any_of`, and none of `lacks`; `camel` is whether its columns are in camel case, None if that is open.
    """

    title: str
    becomes: str
    history: str = NO_HISTORY
    generation: int | None = None
    names: frozenset[str] = frozenset()
    has: frozenset[str] = frozenset()
    any_of: tuple[frozenset[str], ...] = field(default=())
    lacks: frozenset[str] = frozenset()
    camel: bool | None = None
    note: str = ""
    element_type: str | None = None  # of a table that holds story elements of one type

    def fits(self, name: str, columns: frozenset[str], *, camel: bool) -> bool:
        """Whether a table with this name and these columns, in snake case, has this shape."""
        return (
            (not self.names or name in self.names)
            and self.has <= columns
            and all(group & columns for group in self.any_of)
            and not self.lacks & columns
            and self.camel in (None, camel)
        )


def is_camel(table: Table) -> bool:
    """Whether a table has camel-case columns, as an ORM makes them."""
    return any(_HUMP.search(name) for name in table.names)


def words(text: str) -> frozenset[str]:
    """The words of a text, for the column lists of shapes."""
    return frozenset(text.split())
