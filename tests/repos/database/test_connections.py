"""On SQLite a thread keeps the connection of its last session for exclusive use."""

from __future__ import annotations

import gc
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, literal, select

from repos.database import connections
from repos.database.engine import make_engine, open_engine
from repos.database.session import Session
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork

ONE = select(literal(1))
SETTINGS = {"page_size": 2_048, "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path}/ledger.db")
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


def connection_of(engine: Engine) -> Any:
    with Session(engine) as session:
        return session._pooled.dbapi_connection


def test_a_thread_reuses_its_connection(engine: Engine):
    assert connection_of(engine) is connection_of(engine)


def test_two_open_sessions_never_share_a_connection(engine: Engine):
    connection = connection_of(engine)
    with Session(engine) as outer, Session(engine) as inner:
        assert outer._pooled.dbapi_connection is connection
        assert inner._pooled.dbapi_connection is not connection


def test_each_thread_has_its_own_connection(engine: Engine):
    connections = [connection_of(engine)]
    both_have_one = threading.Barrier(2)

    def connect() -> None:
        with Session(engine) as session:
            connections.append(session._pooled.dbapi_connection)
            both_have_one.wait(10)

    threads = [threading.Thread(target=connect) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(connection) for connection in connections}) == 3


def test_there_may_be_more_threads_than_connections_in_a_pool(engine: Engine):
    all_have_one = threading.Barrier(20)
    connections: list[Any] = []

    def connect() -> None:
        connection_of(engine)
        all_have_one.wait(10)
        connections.append(connection_of(engine))

    threads = [threading.Thread(target=connect) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(connection) for connection in connections}) == 20


def test_a_failed_transaction_is_rolled_back_before_the_next_session(engine: Engine):
    def fail() -> None:
        with UnitOfWork(engine).records() as tx:
            tx.users.add("ann@x", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with UnitOfWork(engine).records() as tx:
        assert tx.users.find("ann@x") is None


def test_a_connection_left_in_a_transaction_is_not_kept(engine: Engine):
    session = Session(engine)
    session.start()
    left = session._pooled.dbapi_connection
    session.close()

    assert left is not None
    assert not left.in_transaction
    with UnitOfWork(engine).records() as tx:
        tx.users.add("ann@x", 1)


def test_disposing_of_the_engine_closes_the_connection_of_the_thread(engine: Engine):
    connection = connection_of(engine)
    engine.dispose()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
    with Session(engine) as session:
        assert session.rows(ONE) == [(1,)]


def test_a_thread_that_outlives_its_engine_closes_its_connection(engine: Engine):
    connections: list[Any] = []
    has_one, may_end = threading.Event(), threading.Event()

    def keep() -> None:
        connections.append(connection_of(engine))
        has_one.set()
        may_end.wait(10)

    thread = threading.Thread(target=keep)
    thread.start()
    has_one.wait(10)
    engine.dispose()
    may_end.set()
    thread.join()
    gc.collect()

    assert is_closed(connections[0])


def test_a_session_that_is_dropped_closes_its_connection(engine: Engine):
    dropped = Session(engine)
    connection = dropped._pooled.dbapi_connection
    dropped.start()
    del dropped
    gc.collect()

    assert is_closed(connection)


def test_an_engine_for_a_block_leaves_no_connection_open(tmp_path: Path):
    def upgrade_and_fail(connections: list[Any]) -> None:
        with open_engine(f"sqlite:///{tmp_path}/ledger.db") as engine:
            upgrade.upgrade(engine)
            connections.append(connection_of(engine))
            raise KeyboardInterrupt

    connections: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        upgrade_and_fail(connections)

    assert is_closed(connections[0])


def is_closed(connection: Any) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False


def test_every_connection_has_the_settings_for_durable_commits(engine: Engine):
    with Session(engine) as one, Session(engine) as another:
        for session in (one, another):
            values = [session._cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in SETTINGS]
            assert dict(zip(SETTINGS, values, strict=True)) == SETTINGS


def test_an_existing_file_keeps_its_page_size(tmp_path: Path):
    file = tmp_path / "ledger.db"
    database = sqlite3.connect(file)
    database.executescript("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE old_table (id INTEGER)")
    database.close()
    engine = make_engine(f"sqlite:///{file}")

    upgrade.upgrade(engine, allowed=["old_table"])

    with UnitOfWork(engine).records() as tx:
        tx.users.add("ann@x", 1)
        assert tx.users._session._cursor.execute("PRAGMA page_size").fetchall() == [(4_096,)]
    engine.dispose()


def test_a_connection_the_collector_returned_to_the_pool_is_not_closed_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    """The pool gets it back before `__del__` runs, and another thread may be using it by then."""
    taken: list[Any] = []
    give_back = engine.pool._do_return_conn

    def give_back_and_take(record: Any) -> None:
        give_back(record)
        taken.append(engine.raw_connection())

    class Cycle:
        def __init__(self) -> None:
            self.itself = self
            self.connected = connections.Connected(engine.raw_connection(), engine.dialect)

    gc.collect()
    Cycle()
    monkeypatch.setattr(engine.pool, "_do_return_conn", give_back_and_take)
    gc.collect()
    monkeypatch.undo()
    (connection,) = taken
    assert connection.cursor().execute("SELECT 1").fetchone() == (1,)
    connection.close()


def test_a_connection_collected_after_its_engine_was_disposed_of_is_closed(tmp_path: Path):
    """A thread leaves it in a cycle with an exception, and the pool it returns to is never used again."""
    engine = make_engine(f"sqlite:///{tmp_path}/ledger.db")

    class Cycle:
        def __init__(self) -> None:
            self.itself = self
            self.connected = connections.Connected(engine.raw_connection(), engine.dialect)

    raw = Cycle().connected.cursor.connection
    engine.dispose()
    gc.collect()

    assert is_closed(raw)
