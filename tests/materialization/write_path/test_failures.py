"""Whatever breaks, and wherever: one effect, one answer, nothing half done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pymysql
import pytest
from sqlalchemy import Engine

from domain.errors import Conflict
from domain.submission import encode_submission
from materialization import settle
from materialization.submit import Ledger
from repos import failures
from repos.engine import make_engine
from repos.unit_of_work import ScriptWork, UnitOfWork
from tests.materialization.write_path.desk import A, B, C, Desk, create, edit
from tests.materialization.write_path.tap import Tap
from tests.services.databases import DatabaseServer

ROUND_TRIPS = 3


@pytest.fixture
def tap(mariadb_engine: Engine) -> Iterator[Tap]:
    tap = Tap(mariadb_engine)
    yield tap
    tap.remove()


@pytest.fixture
def table(mariadb_engine: Engine, tap: Tap) -> Desk:
    """A desk at MariaDB, on a tap."""
    unit_of_work = UnitOfWork(mariadb_engine)
    desk = Desk(unit_of_work, Ledger(unit_of_work)).begin()
    tap.clear()
    return desk


@pytest.fixture
def beside(mariadb: DatabaseServer, mariadb_engine: Engine) -> Iterator[pymysql.Connection[Any]]:
    """A second, bare connection to the same database."""
    connection = mariadb.connect(database=mariadb_engine.url.database, autocommit=False)
    yield connection
    connection.close()


def once(at: int, act: Callable[[str, Any], None]) -> Callable[[int, str, Any], None]:
    """Act at one round trip, the first time it comes by."""

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
    table: Desk, tap: Tap, mariadb: DatabaseServer, stage: int, moment: str
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
    table: Desk, tap: Tap, mariadb: DatabaseServer, stage: int, moment: str
):
    table.enqueue(table.submission(edit(A, "x"), id="k1", base=1), table.submission(edit(B, "y"), id="k2", base=1))
    tap.clear()
    setattr(tap, moment, once(stage, killing(mariadb)))

    table.drain()

    tap.remove()  # a dead connection may be back in the pool: a reader would meet a conflict
    assert table.outcomes(["k1", "k2"]) == ["applied", "applied"]
    assert (table.version, table.waiting(), table.verified().finding) == (3, 0, None)


def test_a_lost_commit_answer_is_looked_up(table: Desk, tap: Tap, mariadb: DatabaseServer):
    submission = table.submission(edit(A, "x"), base=1)

    def lose(text: str, connection: Any) -> None:
        assert text.startswith("COMMIT")
        assert connection._sock.recv(1 << 16), "the server answered"
        mariadb.execute(f"KILL CONNECTION {connection.thread_id()}")

    tap.between = once(ROUND_TRIPS - 1, lose)

    answer = table.ledger.submit(submission)

    assert (answer.outcome, answer.first_version) == ("applied", 2)
    assert table.version == 2
    assert tap.statements().count("START TRANSACTION") == 2, "it was tried again, and found its answer"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, TimeoutError], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("stage", range(ROUND_TRIPS))
@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_an_interruption_anywhere_leaves_nothing_half_done(
    table: Desk, tap: Tap, stage: int, moment: str, kind: type[BaseException]
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
def test_an_interruption_while_deciding_leaves_nothing(desk: Desk, kind: type[BaseException]):
    desk.begin()
    before = desk.everything()

    def clock() -> int:
        raise kind

    interrupted = Ledger(desk.unit_of_work, clock=clock)
    with pytest.raises(kind):
        interrupted.submit(desk.submission(edit(A, "x")))

    assert desk.everything() == before
    assert desk.send(edit(A, "x")).outcome == "applied"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError], ids=lambda kind: kind.__name__)
def test_what_was_written_before_an_interruption_is_gone(desk: Desk, kind: type[BaseException]):
    desk.begin()
    before = desk.everything()

    def write_and_stop() -> None:
        with desk.unit_of_work.script(desk.script_id, wait=True) as tx:
            write(tx, desk)
            tx.submissions._session.flush()
            raise kind

    with pytest.raises(kind):
        write_and_stop()

    assert desk.everything() == before
    assert desk.send(edit(A, "x")).outcome == "applied"


def test_a_held_head_is_waited_for(table: Desk, tap: Tap, beside: pymysql.Connection[Any]):
    short_lock_waits(tap)
    hold_head(beside, table.script_id)
    release = threading.Timer(1.5, beside.rollback)
    release.start()

    answer = table.send(edit(A, "x"), base=1)

    release.join()
    assert answer.first_version == 2
    assert "START TRANSACTION" in tap.statements()[2:], "the first attempt met 1205"
    assert table.version == 2


def test_a_head_held_for_good_is_a_conflict_and_nothing_is_recorded(
    table: Desk, tap: Tap, beside: pymysql.Connection[Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("materialization.again.ATTEMPTS", 2)
    short_lock_waits(tap)
    hold_head(beside, table.script_id)

    with pytest.raises(Conflict):
        table.send(edit(A, "x"), base=1)

    beside.rollback()
    assert table.version == 1
    assert table.send(edit(A, "x")).first_version == 2


def test_a_lock_wait_in_the_middle_of_the_writes_takes_all_of_them_back(
    table: Desk, tap: Tap, beside: pymysql.Connection[Any]
):
    """1205 rolls back the statement only: going on would leave commands without their answer."""
    short_lock_waits(tap)
    hold_answer(beside, table.script_id, "s")
    release = threading.Timer(1.5, beside.rollback)
    release.start()

    answer = table.send(edit(A, "x"), base=1, id="s")

    release.join()
    assert (answer.outcome, answer.first_version) == ("applied", 2)
    assert tap.statements().count("UPDATE script_heads") == 2
    assert (table.version, table.verified().finding) == (2, None)


def test_the_victim_of_a_deadlock_tries_again(
    table: Desk, tap: Tap, beside: pymysql.Connection[Any], mariadb: DatabaseServer
):
    hold_answer(beside, table.script_id, "s")
    with beside.cursor() as cursor:  # the heavier of two is not the victim
        rows = ",".join(["(1,'x','x','x','x',1)"] * 500)
        columns = "script_id, submission_id, code, message, payload, rejected_at"
        cursor.execute(f"INSERT INTO rejected_submissions ({columns}) VALUES {rows}")
    other = threading.Thread(target=hold_head, args=(beside, table.script_id))
    met: list[str] = []

    def cross(_text: str, _connection: Any) -> None:
        other.start()
        while not mariadb.execute("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"):
            time.sleep(0.01)

    def release(number: int, text: str, _connection: Any) -> None:
        if number == 2:
            met.append(text)
            other.join()
            beside.rollback()

    tap.before = lambda number, text, connection: (
        cross(text, connection) if number == 1 else release(number, text, connection)
    )

    answer = table.send(edit(A, "x"), base=1, id="s")

    assert met[0].startswith("START TRANSACTION"), "the second round trip met 1213 and all began again"
    assert (answer.outcome, answer.first_version, table.version) == ("applied", 2, 2)


def test_nobody_goes_on_in_a_transaction_that_is_lost(table: Desk, tap: Tap, beside: pymysql.Connection[Any]):
    short_lock_waits(tap)
    hold_answer(beside, table.script_id, "s")

    def leave_as_if_all_were_well() -> None:
        with table.unit_of_work.script(table.script_id, wait=True) as tx:
            write(tx, table, id="s")
            with suppress(Conflict):
                tx.submissions._session.flush()

    with pytest.raises(Conflict):
        leave_as_if_all_were_well()

    beside.rollback()
    assert (table.version, len(table.log())) == (1, 1)


def test_no_transaction_stays_open_in_the_pool(table: Desk, mariadb: DatabaseServer, mariadb_engine: Engine):
    """An idle connection inside one would keep every table it read from being altered."""
    table.send(edit(A, "x"))
    table.drain()
    table.state()

    database = mariadb_engine.url.database
    with mariadb.connect(database=database) as connection, connection.cursor() as cursor:
        cursor.execute("SET lock_wait_timeout = 1")
        for name in ("script_heads", "script_commands", "script_versions", "submissions", "submission_inbox"):
            cursor.execute(f"ALTER TABLE {name} COMMENT = 'altered'")


def test_dead_connections_are_replaced_within_one_call(table: Desk, mariadb: DatabaseServer):
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
    with unit_of_work.reading(), pytest.raises(failures.DatabaseUnreachable), unit_of_work.reading():
        pass
    engine.dispose()


def test_a_database_that_is_not_there_is_a_conflict(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("materialization.again.ATTEMPTS", 2)
    unit_of_work = UnitOfWork(make_engine("mysql+pymysql://root@127.0.0.1:1/nowhere"))
    desk = Desk(unit_of_work, Ledger(unit_of_work), 1)

    with pytest.raises(failures.DatabaseUnreachable):
        desk.send(create(A), base=0)


def write(tx: ScriptWork, desk: Desk, **more: Any) -> None:
    settlement = settle.Settlement(tx, desk.state(), 1)
    submission = desk.submission(edit(A, "x"), base=1, **more)
    settlement.settle(submission, encode_submission(submission))
    settlement.write()


def short_lock_waits(tap: Tap) -> None:
    def shorten(number: int, _text: str, connection: Any) -> None:
        if number == 0:
            connection.query("SET SESSION innodb_lock_wait_timeout = 1")

    tap.before = shorten


def hold_head(beside: pymysql.Connection[Any], script_id: int) -> None:
    with beside.cursor() as cursor:
        cursor.execute("SELECT 1 FROM script_heads WHERE script_id = %s FOR UPDATE", (script_id,))


def hold_answer(beside: pymysql.Connection[Any], script_id: int, submission_id: str) -> None:
    """Hold the key under which an answer is to be written."""
    with beside.cursor() as cursor:
        cursor.execute(
            "INSERT INTO submissions (script_id, submission_id, content_hash, outcome, answer, recorded_at) "
            "VALUES (%s, %s, '', 'refused', '', 1)",
            (script_id, submission_id),
        )
