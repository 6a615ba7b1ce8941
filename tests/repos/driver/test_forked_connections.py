"""A child that was forked while a connection was open does not keep it open."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pymysql
import pytest
from sqlalchemy import Engine

from repos.database.engine import open_engine
from tests.services.databases import DatabaseServer

LIMIT_SECONDS = 10.0


@pytest.fixture
def engine(mariadb_url: str) -> Iterator[Engine]:
    with open_engine(mariadb_url, pool_size=2) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS held (id INT PRIMARY KEY)")
            connection.exec_driver_sql("INSERT IGNORE INTO held VALUES (1)")
        yield engine


@pytest.fixture
def child(engine: Engine) -> Iterator[int]:
    """A connection in a transaction with a lock, in the parent; and a child that was forked after it began."""
    connection = engine.raw_connection()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM held FOR UPDATE")
        cursor.execute("SELECT CONNECTION_ID()")
        [number] = cursor.fetchone()
        pid = os.fork()
        if not pid:
            time.sleep(2 * LIMIT_SECONDS)
            os._exit(0)
        # The child closed its copy alone.
        cursor.execute("SELECT CONNECTION_ID()")
        assert cursor.fetchone() == (number,)
    # What PyMySQL does when an answer does not come in time: the server learns nothing of it.
    connection.dbapi_connection._force_close()  # type: ignore[union-attr]  # PyMySQL has no types
    connection.invalidate()
    yield int(number)
    os.kill(pid, 9)
    os.waitpid(pid, 0)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_server_ends_the_transaction_of_a_connection_that_was_given_up(
    engine: Engine, child: int, mariadb: DatabaseServer
):
    deadline = time.monotonic() + LIMIT_SECONDS
    while mariadb.execute(f"SELECT id FROM information_schema.processlist WHERE id = {child}"):
        assert time.monotonic() < deadline, "the connection is still open"
        time.sleep(0.05)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT id FROM held FOR UPDATE NOWAIT").scalar() == 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_does_not_wait_for_a_thread_of_its_parent(engine: Engine, mariadb: DatabaseServer):
    connection = engine.raw_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        [number] = cursor.fetchone()

        def wait() -> None:
            with suppress(pymysql.MySQLError):
                cursor.execute("SELECT SLEEP(60)")

        waiting = Thread(target=wait)
        waiting.start()
        sleeps = f"SELECT id FROM information_schema.processlist WHERE id = {number} AND info LIKE '%SLEEP%'"
        while not mariadb.execute(sleeps):
            assert waiting.is_alive(), "the statement failed"
            time.sleep(0.01)
        # The thread has the lock of the reader, which it keeps in the copy of the child.
        pid = os.fork()
        if not pid:
            os._exit(0)
        has_ended = _ends(pid)
        mariadb.execute(f"KILL QUERY {number}")
        waiting.join()
    connection.invalidate()

    assert has_ended


def _ends(pid: int) -> bool:
    """Whether a child ends in time; otherwise it is killed."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            return False
        time.sleep(0.01)
    return True
