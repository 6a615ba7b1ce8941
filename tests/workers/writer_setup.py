"""The writing room: users with their own scripts, a producer for their edits, and a ledger that answers them."""

from __future__ import annotations

from itertools import count
from typing import Any

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission, encode_submission
from materialization.history.state_at import state_at
from materialization.write_path.submit import Ledger
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork
from workers.producers.authenticated_producer import AuthenticatedProducer
from workers.producers.producer import Producer, look

LINES = tuple(Line(f"l{number}", "action", f"Line {number}.") for number in range(1, 11))
_numbers = count(1)


class SilentBell:
    """A bell that records its rings and wakes no worker."""

    def __init__(self) -> None:
        self.rings: list[int] = []

    def ring(self, script_id: int) -> bool:
        self.rings.append(script_id)
        return True


class WritingRoom:
    """A signed-in user with a script of ten lines; the clock stays at `now` until a test changes it."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self.unit_of_work = unit_of_work
        self.now = 1_000
        self.bell = SilentBell()
        self.producer = Producer(unit_of_work, self.bell, clock=lambda: self.now)  # type: ignore[arg-type]
        self.authenticated = AuthenticatedProducer(unit_of_work, self.producer, clock=lambda: self.now)
        self.ledger = Ledger(unit_of_work, clock=lambda: self.now)
        self.user, self.token = self.sign_in()
        self.script_id = self.new_script(self.user)

    def sign_in(self) -> tuple[int, str]:
        """A new user and their session, which lasts until 2,000."""
        with self.unit_of_work.records() as tx:
            user = tx.users.add(f"user{next(_numbers)}@room.example", self.now, name="Rosa")
            return user, tx.sign_ins.open(user, self.now, until=2_000).token

    def new_script(self, owner: int | None) -> int:
        with self.unit_of_work.records() as tx:
            script_id = tx.scripts.new_id()
        create = ScriptCreate(title="Ten lines", lines=LINES, owner=owner)
        assert self.ledger.submit(self.submission(create, script_id=script_id, base=0)).outcome == "applied"
        return script_id

    def submission(self, *commands: Command, **more: Any) -> Submission:
        return Submission(
            script_id=more.pop("script_id", None) or self.script_id,
            submission_id=more.pop("id", None) or f"s{next(_numbers)}",
            author=more.pop("author", "user"),
            actor="Rosa",
            base_version=more.pop("base", 1),
            commands=commands,
            **more,
        )

    def edit(self, number: int, text: str) -> LineEdit:
        """New text for a line, based on its original text."""
        line = LINES[number - 1]
        return LineEdit(line=line.id, expect=expect_hash(line), text=text)

    def payload(self, *commands: Command, **more: Any) -> bytes:
        return encode_submission(self.submission(*(commands or (self.edit(1, "x"),)), **more))

    def drain(self, script_id: int | None = None) -> int:
        return self.ledger.drain(script_id or self.script_id).answered

    def answer(self, submission_id: str, script_id: int | None = None) -> Answer | None:
        with self.unit_of_work.reading() as tx:
            return look(tx, script_id or self.script_id, submission_id)

    def state(self, version: int | None = None) -> State:
        with self.unit_of_work.reading() as tx:
            return state_at(tx, self.script_id, version)

    def texts(self) -> list[str]:
        return [line.text for line in self.state().lines()]

    def dead(self, script_id: int | None = None) -> list[DeadLetter]:
        """The dead letters of a script, by default this one."""
        wanted = self.script_id if script_id is None else script_id
        with self.unit_of_work.reading() as tx:
            return [row for row in tx.rejected.read(limit=100_000) if row.script_id == wanted]

    def waiting(self) -> int:
        with self.unit_of_work.reading() as tx:
            return len(tx.inbox.arrivals(self.script_id))
