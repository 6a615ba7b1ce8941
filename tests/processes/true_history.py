"""A true history in which everything occurs that can, and a copy of it that may be damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, text

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.script_create import ScriptCreate
from domain.log.entry import LogEntry
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.answer import encode_answer
from domain.submissions.submission import Submission, encode_submission
from materialization.write_path.submit import Ledger
from repos.unit_of_work import UnitOfWork
from tests.processes.forger import forge
from tests.processes.journal import ProducerRecord
from tests.processes.stored import Stored, read_script

LONG = "x" * 9_000  # enough for a keyframe
LINES = {name: Line(name, "action", f"{name} as it was") for name in ("a", "b", "c")}


class History(NamedTuple):
    """A database, its one script, and the records of its producers."""

    engine: Engine
    script_id: int
    records: list[ProducerRecord]


class Case(NamedTuple):
    """A copy of the history, about to be damaged: all that happens to it is rolled back."""

    connection: Connection
    script_id: int
    records: list[ProducerRecord]

    @property
    def stored(self) -> Stored:
        return read_script(self.connection, self.script_id)

    def execute(self, statement: str, **values: object) -> None:
        changed = self.connection.execute(text(statement), {"script": self.script_id, **values})
        assert changed.rowcount, "the violation was not written"

    def forge(self, log: list[LogEntry], *, answers: bool = True) -> None:
        forge(self.connection, self.script_id, log, answers=answers)

    def tell(self, submission_id: str, **changes: object) -> None:
        """Change the record of a submission."""
        place = next(place for place, one in enumerate(self.records) if one.submission_id == submission_id)
        self.records[place] = self.records[place]._replace(**changes)  # type: ignore[arg-type]

    def forget_answers_given(self) -> None:
        """Forget the answers received, so that none contradicts a forged one."""
        self.records[:] = [one._replace(answers=()) for one in self.records]


def write_history(engine: Engine) -> History:
    """Let three producers write, each of which gets its answer twice."""
    unit_of_work = UnitOfWork(engine)
    ledger = Ledger(unit_of_work)
    with unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
    records, places = [], Counter[str]()
    for submission in submissions(script_id):
        places[submission.actor] += 1
        frame = (submission.actor, places[submission.actor], script_id, submission.submission_id)
        answers = tuple(encode_answer(ledger.submit(submission)) for _ in range(2))
        records.append(ProducerRecord(*frame, encode_submission(submission), acknowledged=True, answers=answers))
    return History(engine, script_id, records)


def submissions(script_id: int) -> Iterator[Submission]:
    """Three producers: edits, splices, inserts, one that is refused, one that changes nothing, one accepted in part."""

    def submission(name: str, actor: str, *commands: Command, base: int = 1, rest: bool = False) -> Submission:
        return Submission(
            script_id=script_id, submission_id=name, author="user", actor=actor, base_version=base,
            commands=commands, apply_rest=rest,
        )  # fmt: skip

    def edit(line: Line, new: str) -> LineEdit:
        return LineEdit(line=line.id, expect=expect_hash(line), text=new)

    a, b, c = LINES.values()
    yield submission("begin", "a", ScriptCreate(title="True", lines=(a, b, c)), base=0)
    yield submission("a1", "a", edit(a, "a one"))
    yield submission("b1", "b", edit(b, "b one"))
    yield submission("c1", "c", LineSplice(line="c", expect=expect_hash(c), at=0, delete=0, insert="more "))
    yield submission("a2", "a", LinesInsert(after="a", before="b", lines=(Line("a-2", "dialogue", LONG),)))
    yield submission("b2", "b", edit(b, "too late"))
    yield submission("b3", "b", edit(b, "b one"))
    two = LinesInsert(after="b", before="c", lines=(Line("b-4", "dialogue", "two"),))
    yield submission("b4", "b", edit(replace(b, text="b one"), "b four"), two)
    yield submission("c2", "c", edit(c, "too late"), edit(replace(a, text="a one"), "a, by c"), rest=True)
    yield submission("c3", "c", LinesInsert(after="c", before=None, lines=(Line("c-3", "general", "last"),)))
