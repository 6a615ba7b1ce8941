"""Script writer for tests of derived data: a database, a ledger, and a writer of one command at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from domain.commands.base import Command
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.answer import Answer
from domain.submissions.submission import Author, Cause, Submission
from materialization.history.state_at import state_at
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork

START = 1_800_000_000_000_000
SECOND = 1_000_000
AI = Cause(model="a-model", run_id="run-1", prompt="Make it shorter.")
_numbers = itertools.count(1)
_opened: list[Engine] = []


class Clock:
    """A clock that advances only by `pass_seconds`."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


def open_database(url: str) -> UnitOfWork:
    """A unit of work on a migrated database with nine users."""
    engine = make_engine(url)
    _opened.append(engine)
    upgrade.upgrade(engine)
    unit_of_work = UnitOfWork(engine)
    with unit_of_work.records() as tx:
        if tx.users.get(1) is None:
            for number in range(1, 10):
                tx.users.add(f"writer{number}@example.org", START)
    return unit_of_work


def close_databases() -> None:
    """Close every open connection."""
    while _opened:
        _opened.pop().dispose()


@contextmanager
def forging(url: str) -> Iterator[Connection]:
    """A transaction that bypasses the repositories."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


class Writer:
    """Writes one script."""

    def __init__(self, unit_of_work: UnitOfWork, *, clock: Clock | None = None) -> None:
        self.unit_of_work = unit_of_work
        self.clock = clock or Clock()
        self.ledger = Ledger(unit_of_work, clock=self.clock)
        with unit_of_work.records() as tx:
            self.script_id = tx.scripts.new_id()
        self.version = 0

    def send(self, *commands: Command, author: Author = "user", actor: str = "Ann") -> Answer:
        """Submit commands for the version of the last answer."""
        submission = Submission(
            script_id=self.script_id,
            submission_id=f"s{next(_numbers)}",
            author=author,
            actor=actor,
            base_version=self.version,
            cause=AI if author == "ai" else Cause(),
            commands=commands,
        )
        answer = self.ledger.submit(submission)
        self.version = answer.last_version or self.version
        return answer

    def create(self, texts: Iterable[str] = ("FADE IN:", "INT. BAR - NIGHT", "Rain.")) -> None:
        """Create the script with lines l1, l2, …"""
        lines = tuple(Line(f"l{number}", "action", text) for number, text in enumerate(texts, 1))
        self.send(ScriptCreate(title="A script", lines=lines))

    def state(self, version: int | None = None) -> State:
        with self.unit_of_work.reading() as tx:
            return state_at(tx, self.script_id, version)

    def expect(self, line_id: str) -> str:
        return expect_hash(self.state().line(line_id))
