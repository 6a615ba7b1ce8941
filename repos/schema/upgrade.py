"""Schema upgrades: run the migrations, one process at a time."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from alembic import command
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from domain.errors import Conflict
from repos.database.driver_errors import conflict_of, error_number
from repos.database.engine import open_engine
from repos.schema import log_view_repair
from repos.schema.contents import Contents, contents_of, contents_of_file
from repos.schema.known_schemas import alembic_config, known_schemas
from repos.schema.migration_lock import MIGRATION_LOCK_TIMEOUT_SECONDS, is_being_migrated, migration_lock
from repos.schema.revision import (
    TABLE,
    SchemaOutdated,
    SchemaTooNew,
    connected,
    found_revision,
    recorded_revision,
    require_current,
    wanted_revision,
)
from repos.schema.upgrade_checks.refusals import UpgradeRefusals
from repos.schema.upgrade_checks.unrecorded_upgrade import record, unrecorded_revision
from repos.schema.upgrade_checks.upgradable import UnfinishedSchema, UnfitDatabase, require_upgradable

__all__ = [
    "SchemaChange",
    "SchemaOutdated",
    "SchemaTooNew",
    "UnfitDatabase",
    "downgrade",
    "found_revision",
    "require_current",
    "require_fit",
    "upgrade",
    "upgrade_if_outdated",
    "wanted_revision",
]

# Timeout for a statement, which may copy a table. A client that gives up does not stop the server.
MAX_STATEMENT_SECONDS = 86_400
# A statement that waits for a table keeps all others from it: it waits for so long, then others go first.
TABLE_WAIT_SECONDS = 5
OTHERS_FIRST_SECONDS = 1.0
_TABLE_IN_USE = 1205

# What a migration finds done that an interrupted one did: a table, column, key, constraint or index that exists, or
# that is gone.
_ALREADY_DONE = frozenset({1050, 1060, 1061, 1068, 1091, 1826, 3821, 3822, 3940})
_STOPPED = (
    "The upgrade stopped, because an earlier one was interrupted in the middle of a migration ({number}: {reason}). "
    "Load the dump you made before the upgrade into an empty database and run `scriptledger db upgrade` there."
)


class SchemaChange(NamedTuple):
    """What an upgrade did: the revision it found, and whether it only recorded what an earlier one had done."""

    before: str | None
    only_recorded: bool = False


def upgrade(engine: Engine, revision: str = "head", *, allowed: Collection[str] = ()) -> bool:
    """Migrate the database to a revision; concurrent upgrades wait for each other.

    Foreign tables that match a pattern in `allowed` may stay. Returns whether an earlier upgrade had done all of it,
    and was stopped before it could record that.

    Raises:
        UnfitDatabase: it holds foreign tables, or a part of a schema; nothing was changed.
        Conflict: timed out waiting for another upgrade.
    """
    _require_fit_file(engine, allowed)
    with _locked_connection(engine) as connection:
        unrecorded = _require_fit(connection, contents_of(connection), allowed)
        if unrecorded is not None:
            record(connection, unrecorded)
        _require_free_tables(connection)
        try:
            command.upgrade(alembic_config(connection), revision)
        except DBAPIError as error:
            if error.orig is None or (number := error_number(error)) not in _ALREADY_DONE:
                raise
            raise UnfinishedSchema(_STOPPED.format(number=number, reason=str(error.orig.args[-1]))) from error
        if revision == "head":
            log_view_repair.restore(connection)
        connection.commit()
    return unrecorded is not None


def upgrade_if_outdated(engine: Engine, *, allowed: Collection[str] = ()) -> SchemaChange:
    """Migrate the database to the schema this program was written for.

    A view that is missing is created again.

    Raises:
        UnfitDatabase: it holds foreign tables, or a part of a schema; nothing was changed.
        SchemaTooNew: the schema is newer.
    """
    _require_fit_file(engine, allowed)
    before = found_revision(engine)
    try:
        require_current(engine)
    except SchemaOutdated:
        return SchemaChange(before, only_recorded=upgrade(engine, allowed=allowed))
    if log_view_repair.is_missing(engine):
        with _locked_connection(engine) as connection:
            log_view_repair.restore(connection)
            connection.commit()
    return SchemaChange(before)


def require_fit(engine: Engine, *, allowed: Collection[str] = ()) -> None:
    """Refuse a database that an upgrade would refuse, or that is incomplete. Changes nothing.

    Raises:
        UnfitDatabase: it holds foreign tables, or a part of a schema.
    """
    _require_fit_file(engine, allowed)
    with connected(engine) as connection:
        try:
            _require_fit(connection, contents_of(connection), allowed)
        except UnfitDatabase:
            if engine.dialect.name != "sqlite" and is_being_migrated(connection):
                raise Conflict("another process is changing the schema") from None
            raise


def _require_fit(connection: Connection, held: Contents, allowed: Collection[str]) -> str | None:
    """Refuse a database that an upgrade must not touch; returns the revision that it has without recording it."""
    if held == Contents():
        return None
    recorded = recorded_revision(connection) if TABLE in held.tables else None
    unrecorded = unrecorded_revision(connection, held)
    found = unrecorded or recorded
    try:
        require_upgradable(held, found, known_schemas(), _refusals(connection.engine), allowed)
    except UnfinishedSchema:
        # An account that may not see a table finds it missing: this fails then, and names the privilege that it lacks.
        if found is not None and connection.dialect.name != "sqlite":
            connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {TABLE} (version_num VARCHAR(32))")
        raise
    return unrecorded


def _require_fit_file(engine: Engine, allowed: Collection[str]) -> None:
    """Refuse the SQLite file of another application before a connection switches it to write-ahead logging."""
    held = contents_of_file(engine)
    if held.tables and TABLE not in held.tables:
        require_upgradable(held, None, known_schemas(), _refusals(engine), allowed)


def _refusals(engine: Engine) -> UpgradeRefusals:
    return UpgradeRefusals(str(engine.url.database), sqlite=engine.dialect.name == "sqlite")


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate the database back to a revision; for tests of the migrations."""
    with _locked_connection(engine) as connection:
        command.downgrade(alembic_config(connection), revision)
        connection.commit()


@contextmanager
def _locked_connection(engine: Engine) -> Iterator[Connection]:
    """A connection for changing the schema, which holds the migration lock."""
    if engine.dialect.name == "sqlite":
        with connected(engine) as connection, migration_lock(connection):
            yield connection
        return
    url = engine.url.render_as_string(hide_password=False)
    with open_engine(url, pool_size=1, answer_seconds=MAX_STATEMENT_SECONDS) as own:
        event.listen(own, "do_execute", _run_when_free)
        with connected(own) as connection, migration_lock(connection):
            connection.execute(text(f"SET SESSION innodb_lock_wait_timeout = {MAX_STATEMENT_SECONDS}"))
            connection.commit()
            yield connection


def _run_when_free(cursor: Any, statement: str, parameters: Any, _context: Any) -> bool:
    """Run a statement of a migration; one that defines a table again until no other connection uses the table."""
    is_definition = statement.split(None, 1)[0].upper() in ("ALTER", "CREATE", "DROP", "LOCK")
    deadline = time.monotonic() + MIGRATION_LOCK_TIMEOUT_SECONDS
    # Another statement keeps no one from a table that it waits for, and cannot be sent again.
    seconds = TABLE_WAIT_SECONDS if is_definition else MIGRATION_LOCK_TIMEOUT_SECONDS
    with cursor.connection.cursor() as own:
        own.execute(f"SET SESSION lock_wait_timeout = {seconds}")
    while True:
        try:
            cursor.execute(statement, parameters)
        except cursor.connection.OperationalError as error:
            # What came before it was committed, and it has done nothing.
            if not is_definition or error.args[0] != _TABLE_IN_USE or time.monotonic() > deadline:
                raise
            time.sleep(OTHERS_FIRST_SECONDS)
        else:
            return True


def _require_free_tables(connection: Connection) -> None:
    """Wait until no transaction uses a table, before a migration begins that could only do a part.

    Raises:
        Conflict: one does, for too long; nothing was changed.
    """
    if connection.dialect.name == "sqlite":
        return  # the transaction is the migration lock
    tables = contents_of(connection).tables
    found = recorded_revision(connection) if TABLE in tables else None
    connection.commit()
    if found in (None, wanted_revision()):
        return
    ours = known_schemas()[found].tables.keys() & tables.keys() if found in known_schemas() else ()
    locked = ", ".join(f"`{name}` WRITE" for name in (TABLE, *sorted(ours)))
    try:
        connection.exec_driver_sql(f"LOCK TABLES {locked}")
        connection.exec_driver_sql("UNLOCK TABLES")
    except DBAPIError as error:
        # An account that may not lock tables, or a cluster that cannot, goes on.
        if error_number(error) == _TABLE_IN_USE:
            raise Conflict(
                f"timed out after {MIGRATION_LOCK_TIMEOUT_SECONDS} seconds waiting for other connections that use the "
                "tables: end them (SHOW PROCESSLIST). Nothing was changed"
            ) from error
        if error.orig is not None and conflict_of(error.orig) is not None:
            raise  # an administrator ended the wait: a new connection would not hold the migration lock
    finally:
        connection.rollback()
