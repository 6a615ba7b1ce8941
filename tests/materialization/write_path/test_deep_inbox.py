"""Polling an inbox costs as many reads as submissions it takes, however many are pending."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from domain.submissions.submission import encode_submission
from materialization.write_path.submit import Ledger
from repos.database.session import Session
from repos.log.head_lock_statements import MAX_INBOX_BATCH
from repos.log.heads import LockedHead
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, ScriptEditor, edit

DEEP = 4
READ = text("SHOW SESSION STATUS LIKE 'Handler_read%'")
# Reads of rows and index entries per submission taken: six, plus a margin, as servers plan differently.
MAX_READS = 10


@pytest.fixture
def editor(mariadb_engine: Engine) -> ScriptEditor:
    unit_of_work = UnitOfWork(mariadb_engine)
    return ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin()


def test_polling_a_deep_inbox_reads_only_the_submissions_it_takes(editor: ScriptEditor, mariadb_engine: Engine):
    edits = [editor.submission(edit(A, "x"), base=1, id=f"e{number}") for number in range(DEEP * MAX_INBOX_BATCH)]
    with editor.unit_of_work.records() as tx:
        for each in edits:
            tx.inbox.put(editor.script_id, each.submission_id, encode_submission(each), now=1)
    session = Session(mariadb_engine)

    before = reads(session)
    _, waiting = LockedHead(session).start(editor.script_id, wait=True)
    read = reads(session) - before
    session.rollback()

    assert [row.submission_id for row in waiting] == [each.submission_id for each in edits[:MAX_INBOX_BATCH]]
    assert read <= MAX_READS * MAX_INBOX_BATCH


def reads(session: Session) -> int:
    """The number of rows and index entries a connection has read."""
    return sum(int(count) for _, count in session.rows(READ))
