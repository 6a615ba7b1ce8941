"""B7: the state at a random version of a script of 100,000; against one of 10,000 that says the same."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial
from statistics import quantiles

from materialization.history.state_at import state_at
from repos.unit_of_work import UnitOfWork
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.long import LONG, SHORT, LongHistory, long_history
from tests.benchmarks.stage import Stage

KEY = "B7"
P50, P99 = "p50", "p99"


def pairs(stage: Stage) -> Iterator[Pair]:
    """Of the long one only versions that the short one has too: the same lengths, the same keyframes, other depths."""
    history = long_history(stage)
    count = stage.count(500, quick=20)
    goals = (
        Goal(P50, "ms", "at most", 5.0, of="ours"),
        Goal(P99, "ms", "at most", 20.0, of="ours"),
        Goal(P50, "ms", "at most", 1.3),
    )
    what = f"state at a random version of {history.versions:,}; of {history.short_versions:,}"
    skipped = history.versions - history.short_versions
    long = partial(measure_versions, history, LONG, range(skipped + 2, history.versions), count)
    short = partial(measure_versions, history, SHORT, range(2, history.short_versions), count)
    yield Pair(KEY, what, long, short, goals, rounds=3)


def measure_versions(history: LongHistory, script_id: int, versions: range, count: int) -> Figures:
    """How long it takes to read the state at so many random versions, in milliseconds."""
    chance = random.Random(7)
    took = []
    with UnitOfWork(history.engine).reading() as tx:
        for _ in range(count):
            version = chance.choice(versions)
            began = time.perf_counter()
            state = state_at(tx, script_id, version)
            took.append(1_000 * (time.perf_counter() - began))
            assert state.version == version
    cuts = quantiles(took, n=100)
    return {P50: cuts[49], P99: cuts[98]}
