"""The base of the domains elements and personas: rows that describe a script, one item a script."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from msgspec import msgpack

from backfill.domains.base import BackfillContext, Difference, Domain, ItemWork
from backfill.domains.described.plan import NO_SCRIPT, Owners, PlannedRow, Plans
from backfill.domains.described.proof import prove_rows, prove_rows_without_script
from backfill.domains.described.saves import (
    DescribedSaves,
    RowsProgress,
    Tally,
    keep_rows,
    known_rows,
    place_of,
    progress_of,
)
from backfill.domains.described.without_script import migrate_without_script
from backfill.translate.row_keys import row_key
from domain.errors import Corrupt
from materialization.submissions.backfill_mode import begin_backfill, end_backfill
from materialization.write_path.backfill_slice import BackfillLedger
from repos.unit_of_work import RecordsTransaction

MIN_SLICE_SECONDS = 1.0


class _Script(NamedTuple):
    """The script of an item, with us."""

    id: int
    owner: int | None
    is_backfilling: bool
    archived: bool


class DescribedDomain(Domain):
    """Story elements, or personas: real commands in the logs of their scripts, after the saves."""

    needs: ClassVar[tuple[str, ...]] = ("scripts",)

    def items(self, context: BackfillContext) -> Iterator[str]:
        return Plans(context, self.name).names()

    def migrate(self, work: ItemWork) -> bool:
        context = work.context
        plans = Plans(context, self.name)
        with context.unit_of_work.reading() as tx:
            script = _script(context, tx, work.name)
        if script is None:
            return migrate_without_script(work, plans)
        rows = plans.plan(work.name, _owners(context, script.owner))
        if not self._writes(work, script, rows):
            return True
        return self._write(work, script, rows)

    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:
        plans = Plans(context, self.name)
        with context.unit_of_work.reading() as tx:
            script = _script(context, tx, name)
            if script is None:
                yield from prove_rows_without_script(context, tx, plans, name)
            else:
                rows = plans.plan(name, _owners(context, script.owner))
                yield from prove_rows(context, tx, self.name, script.id, rows)

    @staticmethod
    def _writes(work: ItemWork, script: _Script, rows: list[PlannedRow]) -> bool:
        """Whether something is to be written to the log; what is not is recorded, without touching the script."""
        progress = progress_of(work)
        if script.is_backfilling or (progress.archived and not script.archived):
            return True
        with work.context.unit_of_work.records() as tx:
            known = known_rows(tx, rows)
            same = {place: row.row_hash for place, row in known.items()}
            if any(row.fate == "write" and same.get((row.table, row.key)) != row.hash for row in rows):
                return True
            counted, tally = progress.places(), Tally()
            tally.rows = [row for row in rows if place_of(row) not in counted]
            tally.new = [
                row for row in tally.rows if row.fate in ("merge", "keep") and (row.table, row.key) not in known
            ]
            keep_rows(tx, tally, script.id, work.context.clock())
            work.record(
                tx, msgpack.encode(RowsProgress(progress.counted + tally.places())), tally.counts(), tally.quarantined()
            )
        work.committed()
        return False

    @staticmethod
    def _write(work: ItemWork, script: _Script, rows: list[PlannedRow]) -> bool:
        unit_of_work = work.context.unit_of_work
        begin_backfill(unit_of_work, script.id)
        ledger = BackfillLedger(unit_of_work, clock=work.context.clock)
        saves = DescribedSaves(work, script.id, rows)
        more = True
        while more:
            written = ledger.write(script.id, saves, max(MIN_SLICE_SECONDS, work.deadline - time.monotonic()))
            work.committed()
            if saves.stuck is not None:
                raise Corrupt(f"script {script.id} cannot be archived again: {saves.stuck.code}")
            more = written.more
            if more and time.monotonic() >= work.deadline:
                return False
        end_backfill(unit_of_work, script.id)
        return True


def _script(context: BackfillContext, tx: RecordsTransaction, name: str) -> _Script | None:
    """The script that an item is about; None if there is none."""
    if name == NO_SCRIPT:
        return None
    for table in context.tables_for("scripts"):
        found = tx.legacy_keys.find(table.name, [name]).get(name)
        head = None if found is None else tx.heads.get(found.our_id)
        row = None if found is None else tx.scripts.get(found.our_id)
        if found is not None and head is not None and row is not None and head.version:
            return _Script(found.our_id, row.user_id, head.health == "backfilling", bool(row.archived))
    return None


def _owners(context: BackfillContext, owner: int | None) -> Owners:
    known: dict[str, int | None] = {}

    def user(value: Any) -> int | None:
        key = row_key([value])
        if key not in known:
            with context.unit_of_work.reading() as tx:
                found = (tx.legacy_keys.find(table.name, [key]).get(key) for table in context.tables_for("users"))
                known[key] = next((each.our_id for each in found if each is not None), None)
        return known[key]

    return Owners(owner, user)
