"""B9: rebuilding and verifying 100,000 commands; against reading their rows and splicing a string."""

from __future__ import annotations

import time
from collections.abc import Iterator

from materialization.integrity.rebuild import prune_generations, rebuild
from materialization.integrity.verify import verify
from repos.unit_of_work import UnitOfWork
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.long import LONG, LongHistory, long_history
from tests.benchmarks.references.reading import read_and_splice
from tests.benchmarks.stage import Stage, wait_until
from tests.benchmarks.submitting import raw_connection

KEY = "B9"
MICROSECONDS = "µs a command"
LEFT_TO_CLEAR = "SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'"


def pairs(stage: Stage) -> Iterator[Pair]:
    """From the database, both."""
    history = long_history(stage)
    unit_of_work = UnitOfWork(history.engine)
    patches = list(history.session.patches())

    def reference() -> Figures:
        with raw_connection(stage, history.engine) as connection:
            began = time.perf_counter()
            assert read_and_splice(connection, LONG, history.session.start_content, patches) == history.versions
            return _figures(history, began)

    def rebuilt() -> Figures:
        _prune(stage, unit_of_work)
        began = time.perf_counter()
        done = rebuild(unit_of_work, LONG)
        assert (done.versions, done.differences) == (history.versions, 0)
        return _figures(history, began)

    def verified() -> Figures:
        _prune(stage, unit_of_work)
        began = time.perf_counter()
        with unit_of_work.reading() as tx:
            assert verify(tx, LONG).finding is None
        return _figures(history, began)

    for what, ours, limit in (("rebuild", rebuilt, 1.5), ("verify", verified, 2.0)):
        goal = Goal(MICROSECONDS, "µs a command", "at most", limit)
        title = f"{what} {history.versions:,} commands; read the rows and splice a string"
        yield Pair(f"{KEY} {what}", title, ours, reference, (goal,), rounds=2, warm_up=False)


def _prune(stage: Stage, unit_of_work: UnitOfWork) -> None:
    """Leave one generation, as upkeep does, and let the server clear away what that removed.

    The rows of another stand between those that are read, also for a while after they were deleted.
    """
    prune_generations(unit_of_work, LONG, before=1 << 62)
    wait_until(lambda: int(stage.mariadb.execute(LEFT_TO_CLEAR)[0][1]) < 100)


def _figures(history: LongHistory, began: float) -> Figures:
    return {MICROSECONDS: (time.perf_counter() - began) / history.versions * 1e6}
