"""The migration lock: one process at a time changes the schema of a database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import sha256

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from domain.errors import Conflict
from repos.database.driver_errors import conflict_of
from repos.database.engine import BEGIN, LOCK_WAIT_SECONDS

# Timeout for waiting until another process has changed the schema.
MIGRATION_LOCK_TIMEOUT_SECONDS = 600


def migration_lock(connection: Connection) -> AbstractContextManager[None]:
    """Hold the lock for the length of a block.

    Raises:
        Conflict: timed out waiting for another process.
    """
    return (_lock_on_sqlite if connection.dialect.name == "sqlite" else _lock_on_server)(connection)


@contextmanager
def _lock_on_sqlite(connection: Connection) -> Iterator[None]:
    # On SQLite all migrations are one transaction, whose first statement takes the lock. A table that others refer to
    # can only be recreated while foreign keys are off, which has to be set before the transaction.
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - for the type checker
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        connection.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
        _wait_for(lambda: _try_begin(connection))
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")


def _try_begin(connection: Connection) -> bool:
    try:
        connection.begin()
    except DBAPIError as error:
        if error.orig is None or conflict_of(error.orig) is None:
            raise
        connection.rollback()
        return False
    return True


@contextmanager
def _lock_on_server(connection: Connection) -> Iterator[None]:
    # A session lock, because each statement that alters a table ends the transaction.
    name = _lock_name(connection)
    get = text("SELECT GET_LOCK(:name, :seconds)").bindparams(name=name, seconds=LOCK_WAIT_SECONDS)
    try:
        _wait_for(lambda: connection.execute(get).scalar() == 1)
    except Conflict as timeout:
        # Any account may take a lock of any name.
        holder = connection.execute(text("SELECT IS_USED_LOCK(:name)").bindparams(name=name)).scalar()
        if holder is None:
            raise
        raise Conflict(f"{timeout}, which connection {holder} holds: if no upgrade runs, KILL {holder}") from None
    connection.commit()
    try:
        yield
    finally:
        # A lost connection has released its lock.
        with suppress(DBAPIError):
            connection.rollback()
            connection.execute(text("SELECT RELEASE_LOCK(:name)").bindparams(name=name))
            connection.commit()


def is_being_migrated(connection: Connection) -> bool:
    """Whether another process holds the lock on a server."""
    is_free = text("SELECT IS_FREE_LOCK(:name)").bindparams(name=_lock_name(connection))
    return connection.execute(is_free).scalar() == 0


def _lock_name(connection: Connection) -> str:
    return f"scriptledger.schema.{sha256(str(connection.engine.url.database).encode()).hexdigest()[:32]}"


def _wait_for(attempt: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MIGRATION_LOCK_TIMEOUT_SECONDS
    while not attempt():
        if time.monotonic() > deadline:
            raise Conflict(f"timed out after {MIGRATION_LOCK_TIMEOUT_SECONDS} seconds waiting for the migration lock")
