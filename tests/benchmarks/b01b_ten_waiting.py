"""B1b: ten waiting submissions a script, drained through Celery; against an empty task."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.draining import COMMANDS_PER_SECOND, drains
from tests.benchmarks.frame import Goal, Pair
from tests.benchmarks.stage import Stage

KEY = "B1b"
POOLS = (("prefork", 4), ("solo", 1))


def pairs(stage: Stage) -> Iterator[Pair]:
    """With four pool processes, and with one process for everything."""
    for pool, concurrency in POOLS:
        scripts = stage.count(1_000, quick=30)
        with drains(stage, pool=pool, concurrency=concurrency, scripts=scripts) as (ours, stock):
            goal = Goal(COMMANDS_PER_SECOND, "commands/s", "at least", 5.0)
            what = f"ten waiting submissions a script, {pool} {concurrency}; an empty task"
            yield Pair(f"{KEY} {pool}", what, partial(ours.measure, 10), stock.measure, (goal,), rounds=3)
