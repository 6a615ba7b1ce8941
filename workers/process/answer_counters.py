"""Answer counters: what the pool processes of a worker answered, in memory that they share with its main process.

Each pool process counts in a slot of its own, so counting needs neither a lock nor a statement. A process that replaces
another continues its slot. The main process adds the slots up and stores what is new (`role_heartbeat`).
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from billiard.process import current_process

from domain.errors import Rejected
from materialization.clock import system_clock
from materialization.write_path.settlement import Settlement
from repos.scheduling.activity_counts import Measure
from repos.submissions.answers import Answered

SLOTS = 256
# Upper bounds of the latency from enqueue to answer, in milliseconds; a last bucket has none.
LATENCY_BOUNDS_MS: Final = (10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000)
UNBOUNDED = "inf"
# A longer wait counts as this long, an hour, so that no sum overflows.
MAX_WAITED_MICROS: Final = 3_600_000_000
# A refusal with a code that the main process does not know.
OTHER = "other"
_BOUNDS = [bound * 1_000 for bound in LATENCY_BOUNDS_MS]
_OUTCOMES = ("applied", "partly", "no_op", "refused")

Counts = Mapping[tuple[Measure, str], int]


class AnswerCounters:
    """Memory that a main process shares with its forked pool processes."""

    def __init__(self, clock: Callable[[], int] = system_clock) -> None:
        self._clock = clock
        self._names: list[tuple[Measure, str]] = [
            *(("outcome", outcome) for outcome in _OUTCOMES),
            *(("latency", str(bound)) for bound in LATENCY_BOUNDS_MS),
            ("latency", UNBOUNDED),
            ("latency_sum", "micros"),
            *(("refusal", code) for code in (*sorted(refusal_codes()), OTHER)),
        ]
        places = {name: place for place, name in enumerate(self._names)}
        self._outcomes = {outcome: places["outcome", outcome] for outcome in _OUTCOMES}
        self._refusals = {label: place for (measure, label), place in places.items() if measure == "refusal"}
        self._first_bucket = places["latency", str(LATENCY_BOUNDS_MS[0])]
        self._sum = places["latency_sum", "micros"]
        self._size = len(self._names)
        self._memory = memoryview(mmap.mmap(-1, SLOTS * self._size * 8)).cast("Q")
        self._slot: memoryview[int] | None = None

    def add(self, settlement: Settlement) -> None:
        """Count the answers of a committed unit of work."""
        self.observe(settlement.answered, settlement.arrived)

    def observe(self, answered: Sequence[Answered], arrived: Sequence[int]) -> None:
        """Count answers, and how long the submissions that arrived at these times waited."""
        slot = self._slot
        if slot is None:
            slot = self._slot = self._own_slot()
        for each in answered:
            answer = each.answer
            slot[self._outcomes[answer.outcome]] += 1
            if answer.refusal is not None:
                slot[self._refusals.get(answer.refusal.code, self._refusals[OTHER])] += 1
        now = self._clock()
        for arrived_at in arrived:
            # A producer's clock may be wrong, and on SQLite it may store anything.
            waited = now - arrived_at if arrived_at.__class__ is int and arrived_at < now else 0
            waited = min(waited, MAX_WAITED_MICROS)
            slot[self._first_bucket + bisect_left(_BOUNDS, waited)] += 1
            slot[self._sum] += waited

    def forget_slot(self) -> None:
        """Choose a slot again, in a new pool process."""
        self._slot = None

    def totals(self) -> Counts:
        """The counts of all slots since the start of the main process."""
        memory, size = self._memory, self._size
        sums = [sum(memory[place : len(memory) : size].tolist()) for place in range(size)]
        return {name: amount for name, amount in zip(self._names, sums, strict=True) if amount}

    def _own_slot(self) -> memoryview[int]:
        start = getattr(current_process(), "index", 0) % SLOTS * self._size
        return self._memory[start : start + self._size]


def refusal_codes() -> set[str]:
    """The codes of all refusals this program knows."""
    return {kind.code for kind in _descendants(Rejected) if isinstance(getattr(kind, "code", None), str)}


def increase(before: Counts, now: Counts) -> Counts:
    """What was counted in between."""
    return {name: amount - before.get(name, 0) for name, amount in now.items() if amount > before.get(name, 0)}


def _descendants(kind: type[Rejected]) -> Iterable[type[Rejected]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)
