"""Submissions still pending after a bell or that broke a batch are tried one by one, counted, and harm no other."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from msgspec.structs import replace
from pymysql import Connection
from sqlalchemy import Engine

from domain.errors import Conflict
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.write_path import settlement
from materialization.write_path.submit import Ledger
from repos.database.driver_errors import blames_a_row
from repos.log.head_lock_statements import MAX_INBOX_BATCH
from repos.submissions.inbox import MAX_ATTEMPTS
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, edit, keystrokes
from tests.materialization.write_path.wire_tap import Tap
from tests.services.databases import DatabaseServer


class Crash(BaseException):
    """The end of a worker process: nothing catches it."""


class Deadly(Ledger):
    """A ledger whose worker is killed by one submission."""

    victim = "poison"

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        super().__init__(unit_of_work)
        self.deaths = 0


@pytest.fixture
def deadly(unit_of_work: UnitOfWork, monkeypatch: pytest.MonkeyPatch) -> Deadly:
    ledger = Deadly(unit_of_work)
    decide = settlement.decide

    def dying(submission: Submission, *given: object) -> object:
        if submission.submission_id == ledger.victim:
            ledger.deaths += 1
            raise Crash
        return decide(submission, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(settlement, "decide", dying)
    return ledger


def test_poison_is_refused_after_five_attempts_and_then_blocks_no_other(editor: ScriptEditor, deadly: Deadly):
    editor.begin()
    editor.enqueue(
        editor.submission(edit(A, "before"), id="before", base=1),
        editor.submission(edit(B, "deadly"), id="poison", base=1),
        editor.submission(edit(C, "behind"), id="behind", base=1),
    )
    for _ in range(5):
        with pytest.raises(Crash):
            deadly.drain_one_by_one(editor.script_id)
    assert editor.outcomes(["before", "poison", "behind"]) == ["applied", "none", "none"]

    assert deadly.drain_one_by_one(editor.script_id) == (2, False)

    assert editor.outcomes(["before", "poison", "behind"]) == ["applied", "refused", "applied"]
    assert [row.code for row in editor.dead()] == ["poison"]
    assert deadly.deaths == 5


def test_a_bell_for_a_script_with_a_suspect_counts_as_well(editor: ScriptEditor, deadly: Deadly):
    editor.begin()
    editor.enqueue(editor.submission(edit(B, "deadly"), id="poison", base=1))
    with pytest.raises(Crash):
        deadly.drain(editor.script_id)
    with pytest.raises(Crash):
        deadly.drain_one_by_one(editor.script_id)

    for _ in range(4):
        with pytest.raises(Crash):
            deadly.drain(editor.script_id)
    editor.enqueue(editor.submission(edit(C, "behind"), id="behind", base=1))

    assert deadly.drain(editor.script_id).answered == 2
    assert editor.outcomes(["poison", "behind"]) == ["refused", "applied"]


def test_a_submission_in_process_overtakes_a_suspect(editor: ScriptEditor, deadly: Deadly):
    editor.begin()
    editor.enqueue(editor.submission(edit(B, "deadly"), id="poison", base=1))
    with pytest.raises(Crash):
        deadly.drain_one_by_one(editor.script_id)

    assert deadly.submit(editor.submission(edit(A, "x"))).outcome == "applied"
    assert deadly.deaths == 1


def test_a_full_batch_tried_one_by_one_reports_more_pending(editor: ScriptEditor):
    editor.begin()
    editor.enqueue(*keystrokes(editor, MAX_INBOX_BATCH + 3))

    assert editor.ledger.drain_one_by_one(editor.script_id) == (MAX_INBOX_BATCH, True)
    assert editor.ledger.drain_one_by_one(editor.script_id) == (3, False)


def test_an_attempt_that_met_a_locked_head_is_not_counted(mariadb_engine: Engine):
    unit_of_work = UnitOfWork(mariadb_engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin()
    editor.enqueue(editor.submission(edit(A, "x"), base=1))
    locked: list[int] = []
    editor.ledger.report_locked = locked.append
    with unit_of_work.script(editor.script_id, wait=True):
        for _ in range(8):
            assert editor.ledger.drain_one_by_one(editor.script_id) == (0, False)
    assert locked == 8 * [editor.script_id]

    with unit_of_work.script(editor.script_id, wait=True) as tx:
        assert [row.attempts for row in tx.waiting] == [0]
    assert editor.drain() == 1


def test_one_row_the_database_refuses_harms_no_other(editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch):
    editor.begin()
    build = settlement.build_log_rows

    def spoilt(head, submission, applied, now):  # type: ignore[no-untyped-def]
        log_rows = build(head, submission, applied, now)
        if submission.submission_id == "spoilt":
            log_rows.entries[0] = replace(log_rows.entries[0], kind=None)
        return log_rows

    monkeypatch.setattr(settlement, "build_log_rows", spoilt)
    editor.enqueue(
        editor.submission(edit(A, "before"), id="before", base=1),
        editor.submission(edit(B, "bad"), id="spoilt", base=1),
        editor.submission(edit(C, "behind"), id="behind", base=1),
    )
    with pytest.raises(Exception, match="kind") as caught:
        editor.drain()

    assert blames_a_row(caught.value)
    assert editor.outcomes(["before", "spoilt", "behind"]) == ["applied", "none", "applied"]
    assert editor.waiting() == 1
    assert editor.send(edit(Line("a", "action", "before"), "after")).outcome == "applied"


def test_an_attempt_whose_count_may_be_lost_is_taken_back(table: ScriptEditor, tap: Tap, mariadb: DatabaseServer):
    table.enqueue(table.submission(edit(A, "x"), id="innocent", base=1))

    def lose(_number: int, text: str, connection: Any) -> None:
        if text.startswith("UPDATE submission_inbox SET attempts=CASE"):
            assert connection._sock.recv(1 << 16), "the server answered"
            mariadb.execute(f"KILL CONNECTION {connection.thread_id()}")

    for _ in range(MAX_ATTEMPTS + 1):
        tap.between = lose
        with pytest.raises(Conflict):
            table.ledger.drain_one_by_one(table.script_id)
        tap.between = None

    assert table.ledger.drain_one_by_one(table.script_id).answered == 1
    assert table.outcomes(["innocent"]) == ["applied"]


def test_a_worker_killed_while_it_waits_to_count_counts_nothing(
    table: ScriptEditor, tap: Tap, second_connection: Connection[Any]
):
    table.enqueue(table.submission(edit(A, "x"), id="innocent", base=1))
    with second_connection.cursor() as cursor:
        cursor.execute("SELECT id FROM submission_inbox WHERE script_id = %s FOR UPDATE", (table.script_id,))

    def die(_number: int, text: str, connection: Any) -> None:
        if text.startswith("UPDATE submission_inbox"):
            time.sleep(0.1)  # by then it waits for the row lock
            connection._sock.shutdown(socket.SHUT_RDWR)
            raise Crash

    tap.between = die
    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(Crash):
            table.ledger.drain_one_by_one(table.script_id)
    tap.between = None
    second_connection.rollback()
    time.sleep(0.2)  # for the server's statement that still waits without its worker

    assert table.ledger.drain_one_by_one(table.script_id).answered == 1
    assert table.outcomes(["innocent"]) == ["applied"]
