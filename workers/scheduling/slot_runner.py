"""The timetable: schedules whose every slot runs once, whatever number of beats tick and whoever is killed.

A slot is a moment at which a schedule is due: a multiple of its interval. Taking it inserts a row whose key is
schedule and slot, so one taker wins; a taker that dies lets it expire, and the next tick takes it over under a higher
fencing number. A tick is cheap and idempotent: beats send them more often than slots fall.
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

Missed = Literal["skip", "once", "all"]

MAX_SLOTS_PER_TICK = 100
"""Missed slots that one tick catches up at most."""
SECOND = 1_000_000

log = structlog.get_logger(__name__)


class Schedule(NamedTuple):
    """Something that is due again and again.

    `every` and `lease` are seconds; `lease` is how long a run may take before somebody else takes the slot over.
    `missed` says what to do about slots nobody ran: `skip` them, run only the latest `once`, or run `all`. `run` gets
    the slot (microseconds since 1970 UTC) and must be idempotent; what it returns is kept as the slot's report.
    """

    name: str
    every: int
    lease: int
    missed: Missed
    run: Callable[[int], Mapping[str, Any]]


class SlotResult(NamedTuple):
    """A slot this tick ran, and how it went."""

    slot_at: int
    outcome: Literal["done", "failed", "lost"]


class SlotRunner:
    """Runs what is due of a schedule."""

    def __init__(self, unit_of_work: UnitOfWork, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock

    def tick(self, schedule: Schedule) -> list[SlotResult]:
        """Run every slot that is due and that nobody else has taken."""
        return [ran for slot in self._due(schedule) if (ran := self._run(schedule, slot)) is not None]

    def _due(self, schedule: Schedule) -> list[int]:
        now, every = self._clock(), schedule.every * SECOND
        current = now - now % every
        with self._unit_of_work.reading() as tx:
            abandoned = tx.slots.abandoned(schedule.name, now=now)
            last = tx.slots.last(schedule.name)
        if last is None or schedule.missed == "once":
            fresh = [current]
        elif schedule.missed == "all":
            fresh = list(range(last + every, current + 1, every))[:MAX_SLOTS_PER_TICK]
        else:
            # On time is before half of the interval has gone by.
            fresh = [current] if now - current <= every // 2 else []
        return abandoned + [slot for slot in fresh if last is None or slot > last]

    def _run(self, schedule: Schedule, slot: int) -> SlotResult | None:
        taken = with_retries(partial(self._take, schedule, slot))
        if taken is None:
            return None
        outcome: Literal["done", "failed"] = "done"
        try:
            report = dict(schedule.run(slot))
        except Exception as error:
            # The slot keeps the error, so the failure is seen; the next slot is a new chance.
            log.exception("schedule.failed", schedule=schedule.name, slot=slot)
            outcome, report = "failed", {"error": type(error).__name__}
        # What is done but not recorded would be done once more.
        ours = with_retries(partial(self._finish, taken, outcome, msgspec.json.encode(report)))
        return SlotResult(slot, outcome if ours else "lost")

    def _take(self, schedule: Schedule, slot: int) -> ClaimedSlot | None:
        now = self._clock()
        with self._unit_of_work.records() as tx:
            return tx.slots.take(schedule.name, slot, now=now, until=now + schedule.lease * SECOND)

    def _finish(self, taken: ClaimedSlot, outcome: Literal["done", "failed"], report: bytes) -> bool:
        with self._unit_of_work.records() as tx:
            return tx.slots.finish(taken, outcome, now=self._clock(), report=report)
