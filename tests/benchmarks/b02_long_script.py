"""B2: edits of 120-page scripts, drained through Celery; against the obvious design, in a task of stock Celery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from sqlalchemy.orm import Session

from repos.database.engine import Engine
from tests.benchmarks.draining import COMMANDS_PER_SECOND, Clients, OurDrain, StockDrain
from tests.benchmarks.frame import Goal, Pair
from tests.benchmarks.references import obvious
from tests.benchmarks.scripts import SENTENCE, create_scripts
from tests.benchmarks.stage import ASIDE, OURS, STOCK, Stage

KEY = "B2"
LINES = 3_000
"""About as many as 120 pages have."""


def pairs(stage: Stage) -> Iterator[Pair]:
    """One waiting edit a script, four pool processes on both sides."""
    scripts = stage.count(100, quick=8)
    with ExitStack() as stack:
        clients = Clients(*[stack.enter_context(stage.broker(number)) for number in (OURS, STOCK, ASIDE)])
        engine = stack.enter_context(stage.database())
        worker = stack.enter_context(stage.our_worker(engine, pool="prefork", concurrency=4))
        ours = OurDrain(stage, engine, worker, clients, create_scripts(engine, scripts, lines=LINES))
        theirs = stack.enter_context(stage.stock_worker("obvious", pool="prefork", concurrency=4, engine=engine))
        edits = _ObviousEdits(engine, scripts)
        obvious_drain = StockDrain(stage, theirs, clients, edits.next)
        goal = Goal(COMMANDS_PER_SECOND, "commands/s", "at least", 3.0)
        what = f"one waiting submission on each of {scripts} scripts of {LINES:,} lines; ORM and full JSON snapshots"
        yield Pair(KEY, what, ours.measure, obvious_drain.measure, (goal,), rounds=3)
        edits.require_versions()


class _ObviousEdits:
    """Scripts of the obvious design, and an edit of each, again and again."""

    def __init__(self, engine: Engine, scripts: int) -> None:
        self._engine = engine
        self._scripts = range(1, scripts + 1)
        self._turns = 0
        obvious.Base.metadata.create_all(engine)
        content = [{"id": f"line-{n}", "format": "action", "text": f"{SENTENCE} {n}."} for n in range(LINES)]
        for number in self._scripts:
            obvious.create(engine, number, content)

    def next(self) -> list[tuple[str, int, int, str]]:
        """One edit of each."""
        self._turns += 1
        return [("edit", number, self._turns, f"{SENTENCE}, edit {self._turns}.") for number in self._scripts]

    def require_versions(self) -> None:
        """None was lost."""
        with Session(self._engine) as session:
            for number in self._scripts:
                assert session.get_one(obvious.Script, number).version == 1 + self._turns
