"""Scripts to edit: many of one length, and for each an endless run of edits that are all accepted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import Submission, encode_submission
from materialization.write_path.submit import Ledger
from repos.database.engine import ENDED, Engine
from repos.unit_of_work import UnitOfWork

SENTENCE = "Nine years old, lit from below, she watches the beam of the scale come to rest"
"""About as long as a line of a screenplay is."""


class EditedScript:
    """One script, and what its writer sees of it: each edit is made for the version before."""

    def __init__(self, script_id: int, lines: int = 50) -> None:
        self.script_id = script_id
        self.version = 0
        self._lines = [Line(f"line-{number}", "action", f"{SENTENCE} {number}.") for number in range(lines)]

    def create(self) -> Submission:
        """The submission that makes it."""
        return self._submission((ScriptCreate(title=f"Script {self.script_id}", lines=tuple(self._lines)),))

    def edit(self, commands: int = 1) -> Submission:
        """A submission that gives so many lines new text, one after the other."""
        return self._submission(tuple([self._edit(self.version + index) for index in range(commands)]))

    def _edit(self, number: int) -> LineEdit:
        position = number % len(self._lines)
        old = self._lines[position]
        new = Line(old.id, old.format, f"{SENTENCE} {position}, edit {number}.")
        self._lines[position] = new
        return LineEdit(line=old.id, expect=expect_hash(old), text=new.text)

    def _submission(self, commands: tuple[LineEdit, ...] | tuple[ScriptCreate]) -> Submission:
        submission = Submission(
            script_id=self.script_id,
            submission_id=f"submission-{self.script_id}-{self.version}",
            author="user",
            actor="Rosa",
            base_version=self.version,
            commands=commands,
        )
        self.version += len(commands)
        return submission


def create_scripts(engine: Engine, count: int, *, lines: int = 50) -> list[EditedScript]:
    """So many scripts, made through the ledger."""
    scripts = [EditedScript(number, lines) for number in range(1, count + 1)]
    put_in_inbox(engine, [script.create() for script in scripts])
    ledger = Ledger(UnitOfWork(engine))
    for script in scripts:
        ledger.drain(script.script_id)
    return scripts


def put_in_inbox(engine: Engine, submissions: Iterable[Submission]) -> None:
    """Put submissions into the inbox in one transaction, outside the measurement."""
    now = time.time_ns() // 1_000
    rows = [(each.script_id, each.submission_id, encode_submission(each), now) for each in submissions]
    insert = "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (%s, %s, %s, %s)"
    connection = engine.raw_connection()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.executemany(insert, rows)
        cursor.execute("COMMIT")
    connection.info[ENDED] = True
    connection.close()


def require_versions(engine: Engine, scripts: Sequence[EditedScript]) -> None:
    """Every edit was accepted and is in the log; whatever is measured, that must be so."""
    with UnitOfWork(engine).reading() as tx:
        for script in scripts:
            head = tx.heads.get(script.script_id)
            assert head is not None
            assert head.version == script.version, f"script {script.script_id} lost an edit"


def inbox_is_empty(engine: Engine) -> bool:
    """Whether everything was answered."""
    connection = engine.raw_connection()
    with connection.cursor() as cursor:
        found = cursor.execute("SELECT id FROM submission_inbox LIMIT 1")
    connection.info[ENDED] = True  # else the pool throws it away, and each look is a new connection
    connection.close()
    return not found
