"""One pass over the source: keyed checksums of its rows in segments, and how many values of each column were repaired.

The checksums are SHA-256 under the key of the run. They tell whether the source has moved since, and where: equal
changes of several rows do not cancel each other out, as they would in a sum.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from backfill.certificate.document import Segment
from backfill.certificate.problems import Problems
from backfill.domains.base import BackfillContext
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.targets import MOMENT, TARGETS, TEXT, WORD
from backfill.translate.moments import moment_reader
from backfill.translate.row_keys import row_hash, row_key
from backfill.translate.words import repaired_text, word_reader
from repos.legacy.rows import LegacyRow, read_pages

SEGMENT_ROWS = 1_024
HASH_DIGITS = 32

_encode = msgspec.msgpack.Encoder(decimal_format="string").encode
_Repair = Callable[[Any, Sequence[Any]], bool]


class ReadTable(NamedTuple):
    """What a pass found in one table."""

    rows: int
    segments: list[Segment]
    nulls: Counter[str]
    repaired: Counter[str]


def read_table(
    context: BackfillContext, table: MappedTable, problems: Problems, progress: Callable[[int], object]
) -> ReadTable:
    """Read all rows of a table; `progress` is called with a number of rows."""
    # Columns that are dropped may change: nothing of them is in the ledger.
    names = [column.name for column in table.table.columns if table.rule_of(column.name).drop is None]
    repairs = [(name, places, repair) for name, places, repair in _repairs(table, names)]
    segments: list[Segment] = []
    nulls, repaired, rows = Counter[str](), Counter[str](), 0
    segment = _Segment(context, problems, secret=table.has_secret_key)
    for page in read_pages(context.source, table.table, names):
        for row in page:
            segment.add(row)
            if segment.rows == SEGMENT_ROWS:
                segments.append(segment.take())
        for name, column in zip(names, zip(*(values for _, values in page), strict=True), strict=True):
            nulls[name] += column.count(None)
        for name, place, repair in repairs:
            repaired[name] += sum(1 for _, values in page if repair(values[place], values))
        rows += len(page)
        progress(len(page))
        del page, row, column  # or large rows would stay while the next ones are read
    if segment.rows:
        segments.append(segment.take())
    return ReadTable(rows, segments, nulls, repaired)


class _Segment:
    """Rows of which only the hash and the outer keys are kept: each may be of 16 MiB."""

    def __init__(self, context: BackfillContext, problems: Problems, *, secret: bool) -> None:
        self._hash_key = context.hash_key
        self._problems = problems
        self._secret = secret
        self._begin()

    def _begin(self) -> None:
        self.rows = 0
        self._digest = hmac.new(self._hash_key, digestmod="sha256")

    def add(self, row: LegacyRow) -> None:
        """Add a row."""
        if not self.rows:
            self._first = row.key
        self._last = row.key
        self._digest.update(_encoded(self._hash_key, row.values))
        self.rows += 1

    def take(self) -> Segment:
        """The segment; the next row is the first of another one."""
        first, last = (self._problems.shown(row_key(key), secret=self._secret) for key in (self._first, self._last))
        segment = Segment(self.rows, first, last, self._digest.hexdigest()[:HASH_DIGITS])
        self._begin()
        return segment


def _encoded(hash_key: bytes, values: Sequence[Any]) -> bytes:
    try:
        return _encode(values)
    except (UnicodeEncodeError, OverflowError):
        return row_hash(hash_key, values)  # text that is not Unicode


def _repairs(table: MappedTable, names: Sequence[str]) -> Iterator[tuple[str, int, _Repair]]:
    """For each column whose values may have to be changed, whether one has to."""
    target = TARGETS.get(table.target)
    for place, name in enumerate(names):
        rule = table.rule_of(name)
        field = target.field(rule.to) if target is not None and rule.to is not None else None
        if field is None:
            continue
        if field.holds == MOMENT:
            yield name, place, _of_moment(moment_reader(rule, names))
        elif field.holds == WORD:
            yield name, place, _of_word(word_reader(rule, field))
        elif field.holds == TEXT:
            yield name, place, _of_text


def _of_moment(read: Callable[[Any, Sequence[Any]], tuple[int | None, str]]) -> _Repair:
    return lambda value, row: bool(read(value, row)[1])


def _of_word(read: Callable[[Any], tuple[str | None, bool]]) -> _Repair:
    return lambda value, _: read(value)[1]


def _of_text(value: Any, _: Sequence[Any]) -> bool:
    return isinstance(value, str) and not value.isprintable() and repaired_text(value) != value
