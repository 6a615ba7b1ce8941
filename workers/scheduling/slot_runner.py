"""The slot runner: runs each slot of a schedule once, regardless of the number of beats and of killed processes.

A slot is a time at which a schedule is due: a multiple of its interval. Taking a slot inserts a row with the key
(schedule, slot), so one process wins. If that process dies, its lease expires, and the next tick takes the slot over
with a higher fencing number. A tick is cheap and idempotent: beats send them more often than slots are due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import msgspec
import structlog

from materialization.clock import system_clock
from materialization.retry import with_retries
from repos.scheduling.schedule_slots import ClaimedSlot
from repos.unit_of_work import UnitOfWork
from workers.messaging.broker_check import BrokerUnreachable
from workers.process import outages
from workers.process.celery_records import outage_problem

Missed = Literal["skip", "once", "all"]

# One tick catches up on at most this many missed slots.
MAX_SLOTS_PER_TICK = 100
SECOND = 1_000_000

log = structlog.get_logger(__name__)


class Schedule(NamedTuple):
    """A recurring job.

    `every` and `lease` are seconds; `lease` is how long a run may take before another process takes the slot over.
    `missed` is the policy for missed slots: `skip` them, run only the latest `once`, or run `all`. `run` gets the slot
    (microseconds since 1970 UTC) and must be idempotent; its result is stored as the slot's report.
    """

    name: str
    every: int
    lease: int
    missed: Missed
    run: Callable[[int], Mapping[str, Any]]


class SlotResult(NamedTuple):
    """A slot that this tick ran, and its outcome."""

    slot_at: int
    outcome: Literal["done", "failed", "lost"]


class SlotRunner:
    """Runs the due slots of a schedule."""

    def __init__(self, unit_of_work: UnitOfWork, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock

    def tick(self, schedule: Schedule) -> list[SlotResult]:
        """Run every due slot that no other process has taken."""
        due = self._due(schedule)
        outages.database().answered()
        return [ran for slot in due if (ran := self._run(schedule, slot)) is not None]

    def _due(self, schedule: Schedule) -> list[int]:
        now, every = self._clock(), schedule.every * SECOND
        current = now - now % every
        with self._unit_of_work.reading() as tx:
            abandoned = tx.slots.abandoned(schedule.name, now=now)
            last = tx.slots.last(schedule.name)
        if last is None or schedule.missed == "once":
            due = [current]
        elif schedule.missed == "all":
            due = list(range(last + every, current + 1, every))[:MAX_SLOTS_PER_TICK]
        else:
            # A slot is on time during the first half of its interval.
            due = [current] if now - current <= every // 2 else []
        return abandoned + [slot for slot in due if last is None or slot > last]

    def _run(self, schedule: Schedule, slot: int) -> SlotResult | None:
        taken = with_retries(partial(self._take, schedule, slot))
        if taken is None:
            return None
        outcome: Literal["done", "failed"] = "done"
        try:
            report = dict(schedule.run(slot))
        except BrokerUnreachable as error:
            outages.broker().failed(str(error))
            outcome, report = "failed", {"error": type(error).__name__}
        except Exception as error:
            # The slot stores the error, so that the failure is visible; the next slot is the retry.
            if (problem := outage_problem(error)) is not None:
                outages.database().failed(problem)
            else:
                log.exception("schedule.failed", schedule=schedule.name, slot=slot)
            outcome, report = "failed", {"error": type(error).__name__}
        # Retried, because a run that is not recorded as done would be repeated.
        ours = with_retries(partial(self._finish, taken, outcome, msgspec.json.encode(report)))
        return SlotResult(slot, outcome if ours else "lost")

    def _take(self, schedule: Schedule, slot: int) -> ClaimedSlot | None:
        now = self._clock()
        with self._unit_of_work.records() as tx:
            return tx.slots.take(schedule.name, slot, now=now, until=now + schedule.lease * SECOND)

    def _finish(self, taken: ClaimedSlot, outcome: Literal["done", "failed"], report: bytes) -> bool:
        with self._unit_of_work.records() as tx:
            return tx.slots.finish(taken, outcome, now=self._clock(), report=report)
