"""B5: what a command costs on a script of 5,000 lines; against one of 50."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.frame import Goal, Pair
from tests.benchmarks.stage import Stage
from tests.benchmarks.submitting import MICROSECONDS, OurWriter

KEY = "B5"


def pairs(stage: Stage) -> Iterator[Pair]:
    """In process, one command a submission, keyframes included."""
    with stage.database() as engine:
        long, short = OurWriter(engine, 1, lines=5_000), OurWriter(engine, 2, lines=50)
        count = stage.count(1_024, quick=30)
        goal = Goal(MICROSECONDS, "µs a command", "at most", 1.2)
        what = "a command on 5,000 lines; on 50 lines"
        yield Pair(KEY, what, partial(long.measure, count), partial(short.measure, count), (goal,), rounds=5)
