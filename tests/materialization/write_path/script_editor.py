"""Script editor for tests: edits one script through the ledger and reads the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.script_create import ScriptCreate
from domain.log.entry import LogEntry
from domain.log.head import Head
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission, encode_submission
from materialization.history.state_at import state_at
from materialization.integrity.verify import Verification, verify
from materialization.write_path.submit import Ledger
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork

A, B, C = (Line(name, "action", f"Line {name}.") for name in ("a", "b", "c"))


def edit(line: Line, text: str) -> LineEdit:
    """Rewrite a line, guarded by its given content."""
    return LineEdit(line=line.id, expect=expect_hash(line), text=text)


def splice(line: Line, at: int, insert: str) -> LineSplice:
    """Type into a line, guarded by its given content."""
    return LineSplice(line=line.id, expect=expect_hash(line), at=at, insert=insert)


def insert(*lines: Line, after: str | None = None, before: str | None = None) -> LinesInsert:
    return LinesInsert(after=after, before=before, lines=lines)


def create(*lines: Line, title: str = "A script", **more: Any) -> ScriptCreate:
    return ScriptCreate(title=title, lines=lines, **more)


class ScriptEditor:
    """Edits one script. Without a base, a submission is made for the head."""

    def __init__(self, unit_of_work: UnitOfWork, ledger: Ledger, script_id: int | None = None) -> None:
        self.unit_of_work = unit_of_work
        self.ledger = ledger
        self._numbers = count(1)
        self.script_id = script_id or self._new_id()

    def begin(self, *lines: Line) -> ScriptEditor:
        """Create the script, with the lines a, b and c if none are given."""
        assert self.send(create(*(lines or (A, B, C))), id="begin").outcome == "applied"
        return self

    def submission(self, *commands: Command, id: str | None = None, base: int | None = None, **more: Any) -> Submission:  # noqa: A002
        return Submission(
            script_id=self.script_id,
            submission_id=id or f"s{next(self._numbers)}",
            author=more.pop("author", "user"),
            actor=more.pop("actor", "Ann"),
            base_version=self.version if base is None else base,
            commands=commands,
            **more,
        )

    def send(self, *commands: Command, **more: Any) -> Answer:
        return self.ledger.submit(self.submission(*commands, **more))

    def enqueue(self, *submissions: Submission) -> None:
        """Put submissions into the inbox, in one transaction."""
        with self.unit_of_work.records() as tx:
            for submission in submissions:
                tx.inbox.put(self.script_id, submission.submission_id, encode_submission(submission), 1)

    def enqueue_bytes(self, submission_id: str, payload: bytes) -> None:
        with self.unit_of_work.records() as tx:
            tx.inbox.put(self.script_id, submission_id, payload, 1)

    def drain(self) -> int:
        return self.ledger.drain(self.script_id).answered

    def answer(self, submission_id: str) -> Answer | None:
        with self.unit_of_work.reading() as tx:
            found = tx.submissions.get(self.script_id, submission_id)
        return None if found is None else found.answer

    def outcomes(self, ids: Iterable[str]) -> list[str]:
        return [found.outcome if (found := self.answer(each)) else "none" for each in ids]

    @property
    def head(self) -> Head | None:
        with self.unit_of_work.reading() as tx:
            return tx.heads.get(self.script_id)

    @property
    def version(self) -> int:
        head = self.head
        return head.version if head else 0

    def state(self, version: int | None = None) -> State:
        with self.unit_of_work.reading() as tx:
            return state_at(tx, self.script_id, version)

    def texts(self) -> list[str]:
        return [line.text for line in self.state().lines()]

    def log(self) -> list[LogEntry]:
        with self.unit_of_work.reading() as tx:
            return list(tx.commands.read(self.script_id, upto=1 << 40))

    def dead(self) -> list[DeadLetter]:
        with self.unit_of_work.reading() as tx:
            return [row for row in tx.rejected.read(limit=100_000) if row.script_id == self.script_id]

    def waiting(self) -> int:
        with self.unit_of_work.reading() as tx:
            return len(tx.inbox.arrivals(self.script_id))

    def verified(self) -> Verification:
        with self.unit_of_work.reading() as tx:
            return verify(tx, self.script_id)

    def everything(self) -> tuple[Any, ...]:
        """All rows that a command may write."""
        head = self.head
        upto = head.version if head else 0
        with self.unit_of_work.reading() as tx:
            script = tx.scripts.get(self.script_id)
            versions = list(tx.versions.read(self.script_id, generation=1, upto=upto + 100))
        return head, script, self.log(), versions

    def _new_id(self) -> int:
        with self.unit_of_work.records() as tx:
            return tx.scripts.new_id()


def keystrokes(editor: ScriptEditor, many: int) -> Iterator[Submission]:
    """One writer's keystrokes in line a, each made for the text after the previous one."""
    text = A.text
    for number in range(many):
        line = Line("a", "action", text)
        yield editor.submission(splice(line, len(text), str(number % 10)), id=f"k{number}", base=1)
        text += str(number % 10)
