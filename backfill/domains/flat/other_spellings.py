"""Keys that name no row in their own spelling, while another spelling does: the legacy server may take both for equal.

The keys of a target are read once for each open source, when the first text names none of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from backfill.domains.base import BackfillContext
from backfill.scanning.key_index import KeyIndex, folded_number, number_of
from repos.legacy.connection import Source
from repos.legacy.rows import read_pages

OTHER_SPELLING = (
    "The key of one differs only in case, in blanks around it, or is the same UUID as text or bytes: "
    "write it in one way in the source."
)


class _Keys(NamedTuple):
    """The keys of a target that are texts or UUIDs: as they are, and as text without case and the blanks around it."""

    exact: KeyIndex
    folded: KeyIndex


_KEYS: WeakKeyDictionary[Source, tuple[object, dict[str, _Keys]]] = WeakKeyDictionary()


def with_spelling(context: BackfillContext, target: str, key: Any, reason: str) -> str:
    """Why a row without its user or script is set aside; it says whether another spelling of the key names one."""
    number = folded_number(key)
    if number is None:
        return reason
    keys = _keys(context, target)
    # A row with the key itself may be there, and not have come over.
    is_other = number in keys.folded and number_of(key) not in keys.exact
    return f"{reason} {OTHER_SPELLING}" if is_other else reason


def _keys(context: BackfillContext, target: str) -> _Keys:
    known = _KEYS.get(context.source)
    if known is None or known[0] != context.mapping:
        known = _KEYS[context.source] = context.mapping, {}
    if target not in known[1]:
        keys = known[1][target] = _Keys(KeyIndex(), KeyIndex())
        for table in context.tables_for(target):
            for page in read_pages(context.source, table.table, [str(table.column("id"))]):
                for row in page:
                    if (number := folded_number(row.values[0])) is not None:
                        keys.exact.add(number_of(row.values[0]))
                        keys.folded.add(number)
    return known[1][target]
