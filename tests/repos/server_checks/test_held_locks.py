"""Held locks: a client that leaves a transaction open, as an administrator and as a worker see it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, make_url, text

from materialization.clock import system_clock
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.server_checks import held_locks as module
from repos.server_checks.held_locks import HeldLocks, held_locks
from tests.services.databases import DatabaseServer

HELD, FREE = 7, 8


@pytest.fixture(scope="module")
def engine(mariadb_url: str) -> Iterator[Engine]:
    """A database with two scripts for which submissions have been pending for a minute."""
    with open_engine(mariadb_url) as engine:
        upgrade(engine)
        with engine.begin() as connection:
            for script_id in (HELD, FREE):
                connection.execute(HEAD, {"script": script_id})
                connection.execute(INBOX, {"script": script_id, "at": system_clock() - 60_000_000})
        yield engine


@pytest.fixture
def worker(engine: Engine, mariadb: DatabaseServer) -> Iterator[Engine]:
    """The same database through an account that sees no connection of others."""
    name = engine.url.database
    mariadb.execute("DROP USER IF EXISTS modest@'%'")
    mariadb.execute("CREATE USER modest@'%' IDENTIFIED BY 'x'")
    mariadb.execute(f"GRANT SELECT, UPDATE ON `{name}`.* TO modest@'%'")
    url = make_url(engine.url).set(username="modest", password="x")
    with open_engine(url.render_as_string(hide_password=False)) as modest:
        yield modest
    mariadb.execute("DROP USER modest@'%'")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_AGAIN_SECONDS", 0.0)


HEAD = text(
    "INSERT INTO script_heads (script_id, version_number, chain_hash, state_hash, keyframe_version, keyframe_bytes,"
    " delta_bytes, generation, health, updated_at) VALUES (:script, 1, '', '', 0, 0, 0, 1, 'open', 0)"
)
INBOX = text(
    "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (:script, 'a', '', :at)"
)
LOCKS = {
    "a head": text("SELECT script_id FROM script_heads WHERE script_id = :script FOR UPDATE"),
    "a submission": text("SELECT id FROM submission_inbox WHERE script_id = :script FOR UPDATE"),
}


@contextmanager
def forgotten(engine: Engine, what: str = "a head") -> Iterator[int]:
    """A client that locks something of a script and then does nothing; yields the number of its connection."""
    with engine.connect() as connection, connection.begin():
        number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
        connection.execute(LOCKS[what], {"script": HELD}).all()
        # InnoDB shows transactions as they were when they were last read, up to a tenth of a second ago.
        time.sleep(0.2)
        yield int(number)


def connections(locks: HeldLocks) -> list[int]:
    return [each.connection for each in locks.transactions or ()]


def test_without_such_a_client_no_lock_is_held(engine: Engine, worker: Engine):
    assert held_locks(engine, open_seconds=0).scripts == ()
    assert held_locks(worker) == (None, ())


def test_an_administrator_sees_the_connection_and_the_script(engine: Engine):
    with forgotten(engine) as number:
        locks = held_locks(engine, open_seconds=0)

    assert locks.scripts == (HELD,)
    # Other tests have transactions on the same server.
    [transaction] = [each for each in locks.transactions or () if each.connection == number]
    assert (transaction.connection, transaction.account.partition("@")[0], transaction.idle) == (number, "root", True)
    assert 0 <= transaction.seconds < 60


@pytest.mark.parametrize("what", LOCKS)
def test_a_worker_sees_the_script_alone(engine: Engine, worker: Engine, what: str):
    with forgotten(engine, what):
        assert held_locks(worker) == (None, (HELD,))


def test_a_short_transaction_is_none(engine: Engine):
    with forgotten(engine) as number:
        assert number not in connections(held_locks(engine))


def test_no_lock_is_left(engine: Engine):
    held_locks(engine, open_seconds=0)
    with forgotten(engine) as number:
        assert number


def test_a_prepared_transaction_has_no_connection(engine: Engine):
    with engine.connect() as connection:
        for statement in (
            "XA START 'prepared'",
            f"UPDATE script_heads SET updated_at = 1 WHERE script_id = {HELD}",
            "XA END 'prepared'",
            "XA PREPARE 'prepared'",
        ):
            connection.connection.cursor().execute(statement)
        connection.invalidate()
    # InnoDB shows transactions as they were when they were last read, up to a tenth of a second ago.
    time.sleep(0.2)
    try:
        locks = held_locks(engine, open_seconds=0)
    finally:
        with engine.connect() as connection:
            connection.connection.cursor().execute("XA ROLLBACK 'prepared'")

    assert locks.scripts == (HELD,)
    assert 0 in connections(locks)
