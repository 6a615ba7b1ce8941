"""Lock waits are bounded, and a transaction that loses a lock has written nothing."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

import pymysql
import pytest

from domain.errors import Conflict
from tests.materialization.write_path.holding import hold_answer, hold_head, short_lock_waits, write
from tests.materialization.write_path.script_editor import A, ScriptEditor, edit
from tests.materialization.write_path.wire_tap import Tap
from tests.services.databases import DatabaseServer


def test_a_locked_head_is_waited_for(table: ScriptEditor, tap: Tap, second_connection: pymysql.Connection[Any]):
    short_lock_waits(tap)
    hold_head(second_connection, table.script_id)
    release = threading.Timer(1.5, second_connection.rollback)
    release.start()

    answer = table.send(edit(A, "x"), base=1)

    release.join()
    assert answer.first_version == 2
    assert "SET autocommit=0" in tap.statements()[2:], "the first attempt met 1205"
    assert table.version == 2


def test_a_head_locked_forever_is_a_conflict_and_nothing_is_recorded(
    table: ScriptEditor, tap: Tap, second_connection: pymysql.Connection[Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("materialization.retry.ATTEMPTS", 2)
    short_lock_waits(tap)
    hold_head(second_connection, table.script_id)

    with pytest.raises(Conflict):
        table.send(edit(A, "x"), base=1)

    second_connection.rollback()
    assert table.version == 1
    assert table.send(edit(A, "x")).first_version == 2


def test_a_lock_wait_timeout_during_the_writes_rolls_all_of_them_back(
    table: ScriptEditor, tap: Tap, second_connection: pymysql.Connection[Any]
):
    """1205 rolls back only the statement: continuing would leave commands without their answer."""
    short_lock_waits(tap)
    hold_answer(second_connection, table.script_id, "s")
    release = threading.Timer(1.5, second_connection.rollback)
    release.start()

    answer = table.send(edit(A, "x"), base=1, id="s")

    release.join()
    assert (answer.outcome, answer.first_version) == ("applied", 2)
    assert tap.statements().count("UPDATE script_heads") == 2
    assert (table.version, table.verified().finding) == (2, None)


def test_the_victim_of_a_deadlock_retries(
    table: ScriptEditor, tap: Tap, second_connection: pymysql.Connection[Any], mariadb: DatabaseServer
):
    hold_answer(second_connection, table.script_id, "s")
    with second_connection.cursor() as cursor:  # the heavier of two is not the victim
        rows = ",".join(["(1,'x','x','x','x',1)"] * 500)
        columns = "script_id, submission_id, code, message, payload, rejected_at"
        cursor.execute(f"INSERT INTO rejected_submissions ({columns}) VALUES {rows}")
    other = threading.Thread(target=hold_head, args=(second_connection, table.script_id))
    met: list[str] = []

    def cross(_text: str, _connection: Any) -> None:
        other.start()
        while not mariadb.execute("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"):
            time.sleep(0.01)

    def release(number: int, text: str, _connection: Any) -> None:
        if number == 2:
            met.append(text)
            other.join()
            second_connection.rollback()

    tap.before = lambda number, text, connection: (
        cross(text, connection) if number == 1 else release(number, text, connection)
    )

    answer = table.send(edit(A, "x"), base=1, id="s")

    assert met[0].startswith("SET autocommit=0"), "the second round trip met 1213 and the unit of work started again"
    assert (answer.outcome, answer.first_version, table.version) == ("applied", 2, 2)


def test_no_statement_runs_in_a_lost_transaction(
    table: ScriptEditor, tap: Tap, second_connection: pymysql.Connection[Any]
):
    short_lock_waits(tap)
    hold_answer(second_connection, table.script_id, "s")

    def leave_as_if_all_were_well() -> None:
        with table.unit_of_work.script(table.script_id, wait=True) as tx:
            write(tx, table, id="s")
            with suppress(Conflict):
                tx.submissions._session.flush()

    with pytest.raises(Conflict):
        leave_as_if_all_were_well()

    second_connection.rollback()
    assert (table.version, len(table.log())) == (1, 1)
