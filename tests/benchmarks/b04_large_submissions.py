"""B4: submissions of 200 commands; against the raw transaction of one command."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.frame import Goal, Pair
from tests.benchmarks.stage import Stage
from tests.benchmarks.submitting import COMMANDS_PER_SECOND, OurWriter, RawSide, raw_connection

KEY = "B4"


def pairs(stage: Stage) -> Iterator[Pair]:
    """In process, on one connection."""
    with stage.database() as engine, raw_connection(stage, engine) as connection:
        ours = OurWriter(engine, 1)
        OurWriter(engine, 2)
        raw = RawSide(connection, 2)
        goals = (
            Goal(COMMANDS_PER_SECOND, "commands/s", "at least", 4.0),
            Goal(COMMANDS_PER_SECOND, "commands/s", "at least", 3_000, of="ours"),
        )
        what = "submissions of 200 commands; the raw transaction of one"
        large = partial(ours.measure, stage.count(30, quick=1), 200)
        yield Pair(KEY, what, large, partial(raw.measure, stage.count(1_000, quick=20)), goals)
