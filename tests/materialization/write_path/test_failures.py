"""Failures at any point leave one effect and one answer, and nothing partial."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine

from materialization.write_path.submit import Ledger
from repos.database import driver_errors
from repos.database.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.holding import write
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, create, edit
from tests.materialization.write_path.wire_tap import Tap
from tests.services.databases import DatabaseServer

ROUND_TRIPS = 3


def once(at: int, act: Callable[[str, Any], None]) -> Callable[[int, str, Any], None]:
    """Act at one round trip, the first time it occurs."""

    def hook(number: int, text: str, connection: Any) -> None:
        if number == at:
            act(text, connection)

    return hook


def killing(mariadb: DatabaseServer) -> Callable[[str, Any], None]:
    def kill(_text: str, connection: Any) -> None:
        mariadb.execute(f"KILL CONNECTION {connection.thread_id()}")
        time.sleep(0.02)

    return kill


@pytest.mark.parametrize("stage", range(ROUND_TRIPS))
@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_connection_killed_anywhere_is_one_effect(
    table: ScriptEditor, tap: Tap, mariadb: DatabaseServer, stage: int, moment: str
):
    submission = table.submission(edit(A, "x"), edit(B, "y"), base=1)
    setattr(tap, moment, once(stage, killing(mariadb)))

    answer = table.ledger.submit(submission)

    assert (answer.outcome, answer.first_version, answer.last_version) == ("applied", 2, 3)
    assert table.ledger.submit(submission) == answer
    assert (table.version, table.verified().finding) == (3, None)


@pytest.mark.parametrize("stage", range(ROUND_TRIPS))
@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_connection_killed_anywhere_in_a_drain_is_one_effect(
    table: ScriptEditor, tap: Tap, mariadb: DatabaseServer, stage: int, moment: str
):
    table.enqueue(table.submission(edit(A, "x"), id="k1", base=1), table.submission(edit(B, "y"), id="k2", base=1))
    tap.clear()
    setattr(tap, moment, once(stage, killing(mariadb)))

    table.drain()

    tap.remove()  # a dead connection may be back in the pool: a reader would meet a conflict
    assert table.outcomes(["k1", "k2"]) == ["applied", "applied"]
    assert (table.version, table.waiting(), table.verified().finding) == (3, 0, None)


def test_after_a_lost_commit_reply_the_stored_answer_is_returned(
    table: ScriptEditor, tap: Tap, mariadb: DatabaseServer
):
    submission = table.submission(edit(A, "x"), base=1)

    def lose(text: str, connection: Any) -> None:
        assert text.startswith("COMMIT")
        assert connection._sock.recv(1 << 16), "the server answered"
        mariadb.execute(f"KILL CONNECTION {connection.thread_id()}")

    tap.between = once(ROUND_TRIPS - 1, lose)

    answer = table.ledger.submit(submission)

    assert (answer.outcome, answer.first_version) == ("applied", 2)
    assert table.version == 2
    assert tap.statements().count("SET autocommit=0") == 2, "it was tried again, and found its answer"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, TimeoutError], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("stage", range(ROUND_TRIPS))
@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_an_interruption_anywhere_leaves_nothing_partial(
    table: ScriptEditor, tap: Tap, stage: int, moment: str, kind: type[BaseException]
):
    submission = table.submission(edit(A, "x"), edit(B, "y"), base=1)

    def interrupt(_text: str, _connection: Any) -> None:
        raise kind

    setattr(tap, moment, once(stage, interrupt))
    with pytest.raises(kind):
        table.ledger.submit(submission)
    tap.clear()
    assert table.version in (1, 3)

    answer = table.ledger.submit(submission)

    assert (answer.outcome, answer.first_version, answer.last_version) == ("applied", 2, 3)
    assert (table.version, table.verified().finding) == (3, None)
    assert table.send(edit(C, "z")).first_version == 4


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError], ids=lambda kind: kind.__name__)
def test_an_interruption_while_deciding_leaves_nothing(editor: ScriptEditor, kind: type[BaseException]):
    editor.begin()
    before = editor.everything()

    def clock() -> int:
        raise kind

    interrupted = Ledger(editor.unit_of_work, clock=clock)
    with pytest.raises(kind):
        interrupted.submit(editor.submission(edit(A, "x")))

    assert editor.everything() == before
    assert editor.send(edit(A, "x")).outcome == "applied"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError], ids=lambda kind: kind.__name__)
def test_rows_written_before_an_interruption_are_rolled_back(editor: ScriptEditor, kind: type[BaseException]):
    editor.begin()
    before = editor.everything()

    def write_and_stop() -> None:
        with editor.unit_of_work.script(editor.script_id, wait=True) as tx:
            write(tx, editor)
            tx.submissions._session.flush()
            raise kind

    with pytest.raises(kind):
        write_and_stop()

    assert editor.everything() == before
    assert editor.send(edit(A, "x")).outcome == "applied"


def test_no_transaction_stays_open_in_the_pool(table: ScriptEditor, mariadb: DatabaseServer, mariadb_engine: Engine):
    """An idle connection inside a transaction would block ALTER on every table it has read."""
    table.send(edit(A, "x"))
    table.drain()
    table.state()

    database = mariadb_engine.url.database
    with mariadb.connect(database=database) as connection, connection.cursor() as cursor:
        cursor.execute("SET lock_wait_timeout = 1")
        for name in ("script_heads", "script_commands", "script_versions", "submissions", "submission_inbox"):
            cursor.execute(f"ALTER TABLE {name} COMMENT = 'altered'")


def test_dead_connections_are_replaced_within_one_call(table: ScriptEditor, mariadb: DatabaseServer):
    with ExitStack() as stack:
        blocks = [stack.enter_context(table.unit_of_work.reading()) for _ in range(6)]
        idle = [block.heads._session._cursor.connection.thread_id() for block in blocks]
    for connection in idle:
        mariadb.execute(f"KILL CONNECTION {connection}")

    assert table.send(edit(A, "x"), base=1).outcome == "applied"


def test_a_full_pool_is_a_conflict(mariadb_url: str, monkeypatch: pytest.MonkeyPatch):
    engine = make_engine(mariadb_url, pool_size=1)
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    unit_of_work = UnitOfWork(engine)
    with unit_of_work.reading(), pytest.raises(driver_errors.DatabaseUnreachable), unit_of_work.reading():
        pass
    engine.dispose()


def test_a_database_that_is_not_there_is_a_conflict(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("materialization.retry.ATTEMPTS", 2)
    unit_of_work = UnitOfWork(make_engine("mysql+pymysql://root@127.0.0.1:1/nowhere"))
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work), 1)

    with pytest.raises(driver_errors.DatabaseUnreachable):
        editor.send(create(A), base=0)
