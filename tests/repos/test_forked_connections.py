"""A child that was forked while a connection was open does not keep it open."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

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
