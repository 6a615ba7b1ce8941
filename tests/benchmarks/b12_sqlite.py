"""B12: a recorded session through `submit` on SQLite, a version for each command; against pyeventsourcing on SQLite."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from itertools import islice

from domain.commands.base import Command
from domain.submissions.submission import Submission
from materialization.history.state_at import state_at
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.recorded import recorded
from tests.benchmarks.references.event_sourced import EventSourcedScreenplay
from tests.benchmarks.stage import Stage
from tests.services.places import make_home
from tests.traces.replay import commands_of
from tests.traces.session import Patch, Session

KEY = "B12"
RATE = "commands/s"
ROUNDS = 30
SYNC_FULL = 2


def pairs(stage: Stage) -> Iterator[Pair]:
    """Each turn goes on where the one before stopped; behind the last, both say what was recorded, byte for byte."""
    session = recorded("sveltecomponent.json.gz", at_least=stage.count(18_000, quick=100))
    home = make_home(durable=True)
    engine = make_engine(f"sqlite:///{home}/ledger.db")
    upgrade(engine)
    ours = _OurSession(UnitOfWork(engine), session)
    theirs = _TheirSession(EventSourcedScreenplay(home / "events.db", session.start_content), session)
    with engine.connect() as connection:
        assert theirs.screenplay.synchronous() == connection.exec_driver_sql("PRAGMA synchronous").scalar() == SYNC_FULL
    try:
        part = stage.count(len(list(session.patches())), quick=100) // (1 if stage.quick else ROUNDS)
        goal = Goal(RATE, "commands/s", "at least", 1.0)
        what = "a recorded session through submit on SQLite; pyeventsourcing on SQLite"
        yield Pair(
            KEY, what, lambda: ours.measure(part), lambda: theirs.measure(part), (goal,), rounds=ROUNDS, warm_up=False
        )
        ours.require_text()
        theirs.require_text()
    finally:
        theirs.screenplay.close()
        engine.dispose()
        shutil.rmtree(home)


class _OurSession:
    def __init__(self, unit_of_work: UnitOfWork, session: Session) -> None:
        self._unit_of_work = unit_of_work
        self._ledger = Ledger(unit_of_work)
        self._commands = commands_of(session)
        self._version = 0
        self._text = ""
        self._submit(self._next(1)[0])

    def measure(self, count: int) -> Figures:
        """The next so many commands."""
        typed = self._next(count)
        began = time.perf_counter()
        for command in typed:
            self._submit(command)
        return {RATE: len(typed) / (time.perf_counter() - began)}

    def require_text(self) -> None:
        """Byte for byte what the editor shows."""
        with self._unit_of_work.reading() as tx:
            state = state_at(tx, 1)
        assert "".join(line.text + line.sep for line in state.lines()) == self._text

    def _next(self, count: int) -> list[Command]:
        # The editor goes on with every command it hands out: what it shows then is what the last one leads to.
        found = []
        for command, editor in islice(self._commands, count):
            found.append(command)
            shown = editor
        self._text = shown.page.text() if found else self._text
        return found

    def _submit(self, command: Command) -> None:
        submission = Submission(
            script_id=1,
            submission_id=f"keystroke-{self._version:06}",
            author="user",
            base_version=self._version,
            commands=(command,),
        )
        self._version += 1
        assert self._ledger.submit(submission).last_version == self._version


class _TheirSession:
    def __init__(self, screenplay: EventSourcedScreenplay, session: Session) -> None:
        self.screenplay = screenplay
        self._patches = session.patches()
        self._text = session.start_content

    def measure(self, count: int) -> Figures:
        """The next so many patches."""
        typed: list[Patch] = list(islice(self._patches, count))
        for patch in typed:
            self._text = patch.onto(self._text)
        began = time.perf_counter()
        for patch in typed:
            self.screenplay.apply(patch)
        return {RATE: len(typed) / (time.perf_counter() - began)}

    def require_text(self) -> None:
        """What the patches lead to."""
        assert self.screenplay.text() == self._text
