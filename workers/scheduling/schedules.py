"""The schedules of an installation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from domain.accounts import KEEP_SESSIONS_DAYS
from materialization.clock import system_clock
from materialization.integrity.rebuild import prune_left_behind
from materialization.scheduled_runs.open_run import SAMPLE, open_run
from repos.unit_of_work import UnitOfWork
from workers.process.schedule_names import (
    DAY,
    HOUR,
    INTERVALS,
    MATERIALIZE,
    MINUTE,
    PRUNE_GENERATIONS,
    PRUNE_MONITORING,
    PRUNE_REJECTED,
    PRUNE_RUNS,
    PRUNE_SESSIONS,
    VERIFY_SAMPLE,
)
from workers.scheduling.slot_runner import SECOND, Schedule
from workers.settings import Settings

KEEP_RUNS_DAYS = 30
# Counts by minute are for plots; totals are kept. A host not seen for this long was replaced.
KEEP_MONITORING_DAYS = 7


class RunMessages(Protocol):
    """Sends the scripts of materialization runs to workers."""

    def send_all(self, scripts: Iterable[tuple[int, int]], /) -> object:
        """Send many scripts: pairs of run id and script id."""

    def waiting(self) -> int:
        """The number of messages in the queue."""


def schedules(unit_of_work: UnitOfWork, settings: Settings, fan_out: RunMessages) -> list[Schedule]:
    """Every schedule of this installation."""

    def materialize(slot: int, sample: int = 0) -> Mapping[str, int | None]:
        # Nothing is sent while messages are queued: without workers, they would pile up with every tick.
        if queued := fan_out.waiting():
            return {"waiting": queued}
        due: list[tuple[int, int]] = []
        opened = open_run(unit_of_work, slot, system_clock(), lambda *each: due.append(each), sample=sample)
        fan_out.send_all(due)
        return opened._asdict()

    def verify_sample(slot: int) -> Mapping[str, int | None]:
        # A microsecond later: the minute's run already has this slot.
        return materialize(slot + 1, SAMPLE)

    def prune_runs(slot: int) -> Mapping[str, int]:
        with unit_of_work.records() as tx:
            return {"pruned": tx.runs.prune(before=slot - KEEP_RUNS_DAYS * DAY * SECOND)}

    def prune_rejected(slot: int) -> Mapping[str, int]:
        before = slot - settings.keep_rejected_days * DAY * SECOND
        with unit_of_work.records() as tx:
            return {"pruned": tx.rejected.prune(before=before)}

    def prune_sessions(slot: int) -> Mapping[str, int]:
        with unit_of_work.records() as tx:
            return {"pruned": tx.sign_ins.prune(before=slot - KEEP_SESSIONS_DAYS * DAY * SECOND)}

    def prune_generations(_slot: int) -> Mapping[str, int]:
        return {"pruned": prune_left_behind(unit_of_work, system_clock())}

    def prune_monitoring(slot: int) -> Mapping[str, int]:
        before = slot - KEEP_MONITORING_DAYS * DAY * SECOND
        with unit_of_work.records() as tx:
            return {"pruned": tx.activity.prune(before=before), "hosts": tx.heartbeats.prune(before=before)}

    return [
        # The sample runs first: it would wait for the messages of the minute's run.
        _schedule(VERIFY_SAMPLE, 5 * MINUTE, verify_sample),
        _schedule(MATERIALIZE, 5 * MINUTE, materialize),
        _schedule(PRUNE_RUNS, HOUR, prune_runs),
        _schedule(PRUNE_REJECTED, HOUR, prune_rejected),
        _schedule(PRUNE_GENERATIONS, HOUR, prune_generations),
        _schedule(PRUNE_SESSIONS, HOUR, prune_sessions),
        _schedule(PRUNE_MONITORING, HOUR, prune_monitoring),
    ]


def _schedule(name: str, lease: int, run: Callable[[int], Mapping[str, int | None]]) -> Schedule:
    return Schedule(name, every=INTERVALS[name], lease=lease, missed="once", run=run)
