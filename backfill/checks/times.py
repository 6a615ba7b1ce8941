"""Checks of times (L07, L08, L26)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backfill.checks.base import Check, check
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.targets import MOMENT
from backfill.mapping.time_zones import time_zone
from backfill.mapping.values.epoch_numbers import FIRST, LAST, UNITS, epoch_number
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding

# A year, month or day that is zero.
_ZERO = re.compile(r"0000-|-00\b")
# Times in the future are the purpose of these.
AHEAD = ("expires_at",)
# Times that most rows do not have.
ENDS = ("deleted_at", "archived_at", "revoked_at", "seen_at")


def is_zero(value: Any) -> bool:
    """Whether a time is a zero date, or a part of its date is zero."""
    return isinstance(value, str) and _ZERO.search(value[:10]) is not None


def _text_problem(value: Any) -> str | None:
    """What is wrong with a date that is stored as text; None if nothing is."""
    text = str(value)
    if is_zero(text):
        return ""
    if not text.strip():
        return "empty"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return "no date that can be read"
    return None


def _number_problem(value: Any, unit: int) -> str | None:
    """What is wrong with a time that is a number since 1970, or a date in words; None if nothing is."""
    if value is None:
        return None
    number = epoch_number(value)
    if number is None:
        return _text_problem(value)
    if isinstance(number, Decimal) and not number.is_finite():
        return "no number"
    if number == 0:
        return "0"
    return None if FIRST <= number * unit <= LAST else "no time in the years 1 to 9999"


@check
class ZeroDate(Check):
    code = "L07"
    title = "zero dates and partial dates"
    decision = "repair"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for name, field in batch.table.columns_that_hold(MOMENT):
            if name not in batch.table.read_columns:
                continue
            kind, unit = batch.table.described(name).kind, batch.table.rule_of(name).unit
            for place, note in self._problems(batch, name, kind, unit):
                # Without a time, a row was not deleted.
                if note not in ("0", "empty") or field not in ENDS:
                    yield self.finding(batch.table, batch.key(place), name, note=note)

    @staticmethod
    def _problems(batch: Batch, name: str, kind: str, unit: str | None) -> Iterator[tuple[int, str]]:
        """The places of times that are none, each with a note."""
        if unit is not None:
            of_number = [_number_problem(value, UNITS[unit]) for value in batch.column(name)]
            yield from ((place, note) for place, note in enumerate(of_number) if note is not None)
        elif kind in ("text", "any"):
            found = [None if value is None else _text_problem(value) for value in batch.column(name)]
            yield from ((place, note) for place, note in enumerate(found) if note is not None)
        elif _ZERO.search(batch.joined(name)):
            yield from ((place, "") for place, value in enumerate(batch.column(name)) if is_zero(value))


@check
class OtherZone(Check):
    """The zone is a fact of each column and its writer; hours are lost or doubled where clocks change."""

    code = "L08"
    title = "times in another zone than UTC"
    decision = "repair"

    def tables(self) -> Iterator[Finding]:
        for table in self.scope.tables:
            for name, _ in table.moments:
                zones = _zones(table, name)
                if zones != ["UTC"]:
                    text = ", ".join(zones) or "not given in the mapping"
                    yield self.finding(table, None, name, note=f"zone: {text}")

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for name, _ in batch.table.moments:
            zones = [zone for each in _zones(batch.table, name) if isinstance(zone := time_zone(each), ZoneInfo)]
            zones = [zone for zone in zones if zone.key != "UTC"]
            if len(zones) != 1 or name not in batch.table.read_columns:
                continue
            for place, value in enumerate(batch.column(name)):
                if isinstance(value, str) and (note := hour_problem(value, zones[0])):
                    yield self.finding(batch.table, batch.key(place), name, note=note)


@check
class ImpossibleTime(Check):
    code = "L26"
    title = "rows created after their update, or in the future"
    decision = "report"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        latest = self.scope.latest
        for name, field in batch.table.moments:
            if field in AHEAD or name not in batch.table.read_columns:
                continue
            for place, value in enumerate(batch.column(name)):
                if isinstance(value, str) and value > latest:
                    yield self.finding(batch.table, batch.key(place), name, note="in the future")
        if "updated_at" in batch and "created_at" in batch:
            yield from self._disordered(batch)

    def _disordered(self, batch: Batch) -> Iterator[Finding]:
        table = batch.table
        same_zone = _zones(table, table.column("created_at") or "") == _zones(table, table.column("updated_at") or "")
        for place, (created, updated) in enumerate(
            zip(batch.field("created_at"), batch.field("updated_at"), strict=True)
        ):
            if not isinstance(created, str) or not isinstance(updated, str) or not created or not updated:
                continue
            if created <= updated or is_zero(created) or is_zero(updated):
                continue
            if same_zone or created[:10] > updated[:10]:
                yield self.finding(table, batch.key(place), table.column("created_at"), note="after its last update")


def hour_problem(value: str, zone: tzinfo) -> str | None:
    """What is wrong with a local time where clocks change; None if it is one moment."""
    try:
        local = datetime.fromisoformat(value)
    except ValueError:
        return None
    first, second = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return None
    back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return "this hour came twice" if back == local else "this hour was skipped"


def _zones(table: MappedTable, name: str) -> list[str]:
    rule = table.rule_of(name)
    return sorted({each for each in (rule.time_zone, *(writer.time_zone for writer in rule.writers)) if each})
