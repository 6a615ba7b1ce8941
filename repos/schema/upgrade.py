"""Schema upgrades: run the migrations, one process at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from domain.errors import Conflict
from repos.database.driver_errors import conflict_of
from repos.database.engine import BEGIN, LOCK_WAIT_SECONDS
from repos.schema.revision import (
    MIGRATIONS,
    SchemaOutdated,
    SchemaTooNew,
    connected,
    found_revision,
    require_current,
    wanted_revision,
)

__all__ = [
    "SchemaOutdated",
    "SchemaTooNew",
    "downgrade",
    "found_revision",
    "require_current",
    "upgrade",
    "upgrade_if_outdated",
    "wanted_revision",
]

# Timeout for waiting until another process has changed the schema.
MIGRATION_LOCK_TIMEOUT_SECONDS = 600


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate the database to a revision; concurrent upgrades wait for each other.

    Raises:
        Conflict: timed out waiting for another upgrade.
    """
    with _locked_connection(engine) as connection:
        command.upgrade(_config(connection), revision)
        connection.commit()


def upgrade_if_outdated(engine: Engine) -> None:
    """Migrate the database to the schema this program was written for.

    Raises:
        SchemaTooNew: the schema is newer.
    """
    try:
        require_current(engine)
    except SchemaOutdated:
        upgrade(engine)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate the database back to a revision; for tests of the migrations."""
    with _locked_connection(engine) as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


@contextmanager
def _locked_connection(engine: Engine) -> Iterator[Connection]:
    """A connection for changing the schema, which holds the migration lock."""
    migration_lock = _migration_lock_on_sqlite if engine.dialect.name == "sqlite" else _migration_lock_on_mysql
    with connected(engine) as connection, migration_lock(connection):
        yield connection


@contextmanager
def _migration_lock_on_sqlite(connection: Connection) -> Iterator[None]:
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
def _migration_lock_on_mysql(connection: Connection) -> Iterator[None]:
    # A session lock, because each statement that alters a table ends the transaction.
    name = f"scriptledger.schema.{sha256(str(connection.engine.url.database).encode()).hexdigest()[:32]}"
    get = text("SELECT GET_LOCK(:name, :seconds)").bindparams(name=name, seconds=LOCK_WAIT_SECONDS)
    _wait_for(lambda: connection.execute(get).scalar() == 1)
    connection.commit()
    try:
        yield
    finally:
        # A lost connection has released its lock.
        with suppress(DBAPIError):
            connection.rollback()
            connection.execute(text("SELECT RELEASE_LOCK(:name)").bindparams(name=name))
            connection.commit()


def _wait_for(attempt: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MIGRATION_LOCK_TIMEOUT_SECONDS
    while not attempt():
        if time.monotonic() > deadline:
            raise Conflict(f"timed out after {MIGRATION_LOCK_TIMEOUT_SECONDS} seconds waiting for the migration lock")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
