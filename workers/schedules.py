"""The schedules there are."""

from __future__ import annotations

from collections.abc import Mapping

from materialization.open_run import SAMPLE, Send, open_run
from materialization.submit import system_clock
from repos.unit_of_work import UnitOfWork
from workers.settings import Settings
from workers.timetable import SECOND, Schedule

MINUTE = 60
HOUR = 3_600
DAY = 24 * HOUR
KEEP_RUNS_DAYS = 30


def schedules(unit_of_work: UnitOfWork, settings: Settings, send: Send) -> list[Schedule]:
    """Every schedule of this installation; `send` hands out the scripts of a materialization run."""

    def materialize(slot: int) -> Mapping[str, int | None]:
        return open_run(unit_of_work, slot, system_clock(), send)._asdict()

    def verify_sample(slot: int) -> Mapping[str, int | None]:
        # A microsecond later: the minute's run has this slot already.
        return open_run(unit_of_work, slot + 1, system_clock(), send, sample=SAMPLE)._asdict()

    def prune_runs(slot: int) -> Mapping[str, int]:
        with unit_of_work.records() as tx:
            return {"pruned": tx.runs.prune(before=slot - KEEP_RUNS_DAYS * DAY * SECOND)}

    def prune_rejected(slot: int) -> Mapping[str, int]:
        before = slot - settings.keep_rejected_days * DAY * SECOND
        with unit_of_work.records() as tx:
            return {"pruned": tx.rejected.prune(before=before)}

    return [
        Schedule("materialize", every=MINUTE, lease=5 * MINUTE, missed="once", run=materialize),
        Schedule("verify-sample", every=HOUR, lease=5 * MINUTE, missed="once", run=verify_sample),
        # A run a minute makes 1,440 a day, and one pruning takes 1,000.
        Schedule("prune-materialization-runs", every=6 * HOUR, lease=HOUR, missed="once", run=prune_runs),
        Schedule("prune-rejected", every=DAY, lease=HOUR, missed="once", run=prune_rejected),
    ]
