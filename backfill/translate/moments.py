"""Moments of legacy columns as microseconds since 1970 UTC.

    read = moment_reader(rule, table.names)      # once for each column
    at, doubt = read(value, row)                 # row: the values of these columns, which tell writers apart
    at, doubt = read(value, row, before)         # before: the time of the row that was written before this one

A zone is a fact of a column and its writer; a time that names its own offset is read by that. Without a time, `at` is
None; `doubt` says why, or why the time is only likely, and is empty for an exact time and for NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from backfill.checks.times import is_zero
from backfill.mapping.model import ColumnRule, WriterRule
from backfill.mapping.time_zones import time_zone
from backfill.mapping.values.epoch_numbers import FIRST, LAST, UNITS, epoch_number

Doubt = Literal["", "zero", "unreadable", "skipped_hour", "repeated_hour"]


class ReadMoment(Protocol):
    """Reads the values of one column."""

    def __call__(self, value: Any, row: Sequence[Any], before: int | None = None, /) -> tuple[int | None, Doubt]: ...


EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a local time, whose offset is subtracted afterwards
MICROSECOND = timedelta(microseconds=1)


def moment_reader(rule: ColumnRule, columns: Sequence[str]) -> ReadMoment:
    """A function for the values of one column.

    A column without a zone is in UTC, as a TIMESTAMP is read.
    """
    unit = UNITS[rule.unit] if rule.unit is not None else None
    only_zone = None if rule.writers else _zone(rule.time_zone)
    zone_of = _zone_reader(rule, columns)

    def read(value: Any, row: Sequence[Any], before: int | None = None, /) -> tuple[int | None, Doubt]:
        if value is None:
            return None, ""
        if unit is not None and (number := epoch_number(value)) is not None:
            return _epoch_time(number * unit)
        text = value if isinstance(value, str) else str(value)
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            return None, "zero" if not text.strip() or is_zero(text) else "unreadable"
        if local.tzinfo is not None:
            return _since_epoch(local.replace(tzinfo=None), local.utcoffset()), ""
        zone = only_zone or zone_of(local, row)
        if zone is not UTC:
            return in_zone(local, zone, before)
        since = local - EPOCH
        # Faster than a division.
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, ""

    return read


def in_zone(local: datetime, zone: tzinfo, before: int | None = None) -> tuple[int, Doubt]:
    """The moment of a local time; a skipped hour is the one after it.

    Of an hour that came twice it is the first, or the second if only that follows the moment `before`.
    """
    first = local.replace(tzinfo=zone).utcoffset()
    at = _since_epoch(local, first)
    if not isinstance(zone, ZoneInfo):
        return at, ""
    second = local.replace(tzinfo=zone, fold=1).utcoffset()
    if first == second:
        return at, ""
    if (first or timedelta()) < (second or timedelta()):
        return at, "skipped_hour"
    later = _since_epoch(local, second)
    return later if before is not None and at < before <= later else at, "repeated_hour"


def _zone_reader(rule: ColumnRule, columns: Sequence[str]) -> Callable[[datetime, Sequence[Any]], tzinfo]:
    zone = _zone(rule.time_zone)
    if not rule.writers:
        return lambda *_: zone
    writers = [(_writer(writer, columns), _zone(writer.time_zone)) for writer in rule.writers]

    def zone_of(local: datetime, row: Sequence[Any]) -> tzinfo:
        return next((each for wrote, each in writers if wrote(local, row)), zone)

    return zone_of


def _zone(name: str | None) -> tzinfo:
    found = UTC if name in (None, "UTC") else time_zone(str(name))
    assert found is not None, name  # noqa: S101 - a mapping that does not fit is refused before
    return found


def _writer(writer: WriterRule, columns: Sequence[str]) -> Callable[[datetime, Sequence[Any]], bool]:
    """Whether this writer wrote a row."""
    if writer.column is not None:
        place, wanted = columns.index(writer.column), writer.equals
        return lambda _, row: row[place] == wanted or (row[place] is not None and str(row[place]) == str(wanted))
    if writer.before is not None:
        before = datetime.fromisoformat(writer.before)
        if before.tzinfo is not None:
            before = before.astimezone(_zone(writer.time_zone)).replace(tzinfo=None)
        return lambda local, _: local < before
    return lambda local, _: local.microsecond == 0


def _epoch_time(number: Decimal | int) -> tuple[int | None, Doubt]:
    if isinstance(number, Decimal) and not number.is_finite():
        return None, "unreadable"
    if number == 0:
        return None, "zero"  # what a server writes for a column that was left out
    if not FIRST <= number <= LAST:
        return None, "unreadable"
    return int(number), ""


def _since_epoch(local: datetime, offset: timedelta | None) -> int:
    # Not by `astimezone`, which fails at either end of the calendar.
    return (local - EPOCH - (offset or timedelta())) // MICROSECOND
