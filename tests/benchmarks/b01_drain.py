"""B1: one waiting submission of one command a script, drained through Celery; against an empty task."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.draining import COMMANDS_PER_SECOND, drains
from tests.benchmarks.frame import Goal, Pair
from tests.benchmarks.stage import Stage

KEY = "B1"
POOLS = (("prefork", 4, 1.0), ("solo", 1, 0.5))


def pairs(stage: Stage) -> Iterator[Pair]:
    """With four pool processes, and with one process for everything."""
    for pool, concurrency, least in POOLS:
        scripts = stage.count(1_500, quick=60)
        with drains(stage, pool=pool, concurrency=concurrency, scripts=scripts) as (ours, stock):
            goal = Goal(COMMANDS_PER_SECOND, "commands/s", "at least", least)
            what = f"one waiting submission a script, {pool} {concurrency}; an empty task"
            yield Pair(f"{KEY} {pool}", what, ours.measure, stock.measure, (goal,))
