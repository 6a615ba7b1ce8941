"""Values that several rows have and one may: found by reading a column once, in about sixteen bytes a row."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from backfill.domains.base import BackfillContext
from backfill.domains.flat.read_ahead import read_ahead
from backfill.mapping.mapped_table import MappedTable
from backfill.translate.row_keys import key_columns, never_repeated, row_key
from repos.legacy.connection import Source
from repos.legacy.rows import read_pages, read_rows

# Numbers that are sorted at a time.
MAX_SORTED = 100_000
MAX_FINGERPRINT = (1 << 62) - 1

_FOUND: WeakKeyDictionary[Source, dict[str, tuple[object, frozenset[int]]]] = WeakKeyDictionary()


def remembered(context: BackfillContext, what: str, find: Callable[[], frozenset[int]]) -> frozenset[int]:
    """A set that is computed once for each open source and mapping."""
    known = _FOUND.setdefault(context.source, {})
    if what not in known or known[what][0] != context.mapping:
        known[what] = context.mapping, find()
    return known[what][1]


def fingerprint(value: str) -> int:
    """A value as a number of 62 bits, another in each process: values that share one cannot be prepared."""
    return hash(value) & MAX_FINGERPRINT


def repeated(values: Iterable[str]) -> frozenset[int]:
    """The fingerprints of values that occur several times."""
    found = set[int]()
    # A number in a list takes 40 bytes, in an array eight: only a part is in a list at a time.
    for part in _parts(array("q", map(fingerprint, values))):
        found.update(one for one, other in pairwise(sorted(part)) if one == other)
    return frozenset(found)


def _parts(numbers: array[int]) -> list[array[int]]:
    """The numbers in parts of which each can be sorted in little memory; equal ones are in one part."""
    count = len(numbers) // MAX_SORTED + 1
    if count == 1:
        return [numbers]
    parts = [array("q") for _ in range(count)]
    for number in numbers:
        parts[number % count].append(number)
    return parts


def repeated_keys(context: BackfillContext, table: MappedTable) -> Callable[[str], bool]:
    """Whether several rows of a table are known by the same key; a key of the source itself forbids that.

    The table is read at once, because a stream of its rows may be open later.
    """
    columns = key_columns(table)
    if table.table.key and set(columns).issuperset(table.table.key):
        return never_repeated
    keys = (row_key(row.values) for row in read_rows(context.source, table.table, columns))
    found = remembered(context, f"keys of {table.name}", lambda: repeated(keys))
    return lambda key: fingerprint(key) in found


def column_values(context: BackfillContext, target: str, field: str) -> Iterator[Any]:
    """The values of a field in all tables of a target, except NULL; the next page is read while one is used."""
    for table in context.tables_for(target):
        if (column := table.column(field)) is not None:
            for page in read_ahead(read_pages(context.source, table.table, [column])):
                for _, values in page:
                    if values[0] is not None:
                        yield values[0]
                del page  # or it would stay while the next one is awaited
