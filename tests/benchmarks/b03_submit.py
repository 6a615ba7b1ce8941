"""B3: `submit` in process on one connection; against the same rows written by bare statements, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.frame import Goal, Pair
from tests.benchmarks.stage import Stage
from tests.benchmarks.submitting import COMMANDS_PER_SECOND, OurWriter, RawSide, raw_connection

KEY = "B3"


def pairs(stage: Stage) -> Iterator[Pair]:
    """One command a submission."""
    with stage.database() as engine, raw_connection(stage, engine) as connection:
        ours = OurWriter(engine, 1)
        OurWriter(engine, 2)
        raw = RawSide(connection, 2)
        # Many short turns: a disk that others share is slow for seconds at a time.
        count = stage.count(300, quick=30)
        goal = Goal(COMMANDS_PER_SECOND, "commands/s", "at least", 0.85)
        what = "submit in process, one connection; the raw transaction"
        yield Pair(KEY, what, partial(ours.measure, count), partial(raw.measure, count), (goal,), rounds=25)
