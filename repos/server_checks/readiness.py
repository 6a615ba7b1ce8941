"""Readiness of the database: whether it takes writes at this moment, and has the schema of this program.

The check writes nothing: a statement that finds no rows is refused wherever a real one would be, by a read-only server,
a node without its cluster, or a missing privilege. Every account of a worker may either insert into the inbox or delete
from it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from domain.errors import LedgerError
from repos.database.driver_errors import DriverError, error_number
from repos.database.engine import BEGIN, MEMORY
from repos.database.error_codes import INTERRUPTED, NO_SUCH_OBJECT, NOT_GRANTED
from repos.schema.revision import connected, wanted_revision

_EMPTY_WRITES = (
    "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at)"
    " SELECT 0, '', '', 0 FROM alembic_version WHERE 1 = 0",
    "DELETE FROM submission_inbox WHERE 1 = 0",
)
# How a problem begins that says nothing about the database itself: a lock, a restart, a slow network.
NO_ANSWER = "the database does not answer"
# How one begins of a database that answers.
NO_WRITES = "the database takes no writes"
_REVISION = "SELECT version_num FROM alembic_version"


def database_problem(engine: Engine) -> str | None:
    """Why the database takes no submissions now; None if it does."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file not in (None, "", MEMORY) and not Path(str(file)).exists():
        return "the database file does not exist"
    try:
        with connected(engine) as connection:
            return _schema_problem(connection) or _write_problem(connection)
    except (LedgerError, *DriverError) as error:
        return f"{NO_ANSWER}: {_text_of(error)}"


def write_problem(engine: Engine) -> str | None:
    """Why the database takes no writes now; None if it does, or if this account may not write."""
    try:
        with connected(engine) as connection:
            return _write_problem(connection, must_be_allowed=False)
    except (LedgerError, *DriverError) as error:
        return f"{NO_ANSWER}: {_text_of(error)}"


def _schema_problem(connection: Connection) -> str | None:
    try:
        found = connection.exec_driver_sql(_REVISION).scalar()
    except DBAPIError as error:
        if not _is_missing(error):
            raise
        found = None
    finally:
        connection.rollback()
    wanted = wanted_revision()
    return None if found == wanted else f"the database is at schema {found or 'nothing'}, this program needs {wanted}"


def _write_problem(connection: Connection, *, must_be_allowed: bool = True) -> str | None:
    if connection.dialect.name != "sqlite":
        return _refused_write(connection, must_be_allowed=must_be_allowed)
    # Another writer is no problem: do not wait for it.
    driver: Any = connection.connection.dbapi_connection
    [usual] = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        immediate = connection.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
        return _refused_write(immediate, must_be_allowed=must_be_allowed)
    finally:
        # The connection goes back to a pool.
        driver.execute(f"PRAGMA busy_timeout = {usual}")


def _refused_write(connection: Connection, *, must_be_allowed: bool) -> str | None:
    denied = []
    for statement in _EMPTY_WRITES:
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if connection.dialect.name == "sqlite" and "locked" in str(error.orig):
                return None
            if _is_missing(error):
                return "the table submission_inbox, or a column of it, is missing"
            if error_number(error) in INTERRUPTED:
                return f"{NO_ANSWER}: {_text_of(error.orig)}"
            if error_number(error) not in NOT_GRANTED:
                return f"{NO_WRITES}: {_text_of(error.orig)}"
            denied.append(f"{NO_WRITES}: {_text_of(error.orig)}")
        else:
            return None
        finally:
            with suppress(DBAPIError):
                connection.rollback()
    return denied[0] if must_be_allowed else None


def _is_missing(error: DBAPIError) -> bool:
    return error_number(error) in NO_SUCH_OBJECT or str(error.orig).startswith("no such")


def _text_of(error: BaseException | None) -> str:
    cause = error.__cause__ or error if error is not None else None
    arguments = getattr(cause, "args", ())
    return str(arguments[-1] if arguments else cause).rstrip(".")
