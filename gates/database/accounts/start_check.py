"""The check at the start of a worker: what must be impossible is tried, writes in transactions that are rolled back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gates.database.accounts.roles import withheld_secrets
from gates.database.accounts.server import DENIED
from gates.database.accounts.triggers import SIGNALLED
from repos.database.driver_errors import conflict_of, error_number
from repos.database.engine import open_engine
from repos.schema.revision import connected
from repos.server_checks.listed_role import listed_role

# What no worker needs. An update reads no column, because MySQL refuses that for some grants. Each finds a row if there
# is one, so that a guard gets to refuse it.
FORBIDDEN: Final[dict[str, str]] = {
    "change a command": "UPDATE script_commands SET kind = 'x' LIMIT 1",
    "delete a command": "DELETE FROM script_commands LIMIT 1",
    "change a version": "UPDATE script_versions SET line_count = 0 LIMIT 1",
    "change an answer": "UPDATE submissions SET outcome = 'applied' LIMIT 1",
    "delete an answer": "DELETE FROM submissions LIMIT 1",
    "send under the name of another account": (
        "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at, account)"
        " VALUES (0, 'start check', '', 0, 'another')"
    ),
}
_NO_TABLE = 1146
_LOCKED = frozenset({1205, 1213})


class AccountsMissing(Exception):
    """Accounts are required, and none are installed; the message is what to do."""


def forbidden_access(database_url: str, *, required: bool = False) -> list[str]:
    """What this account may do and its role forbids, writes and reads; nothing where no accounts are installed.

    Raises:
        AccountsMissing: they are `required`, and not installed.
        Conflict: the database cannot be reached.
    """
    with open_engine(database_url) as engine:
        if engine.dialect.name == "sqlite":
            if required:
                raise AccountsMissing("an SQLite file has no accounts: set SCRIPTLEDGER_DATABASE_URL to a server")
            return []
        with connected(engine) as connection:
            if not _installed(connection):
                if required:
                    raise AccountsMissing("no database accounts are installed: run `scriptledger gates install`")
                return []
            writes = [name for name, statement in FORBIDDEN.items() if _succeeds(connection, statement)]
            secrets = withheld_secrets(listed_role(connection) or "")
            return writes + [f"read {what}" for table, what in secrets.items() if _is_readable(connection, table)]


def _installed(connection: Connection) -> bool:
    try:
        return connection.exec_driver_sql("SELECT 1 FROM database_accounts LIMIT 1").first() is not None
    except DBAPIError as error:
        # An older schema, or an account that was limited by hand before there was this table.
        if error_number(error) in {*DENIED, _NO_TABLE}:
            return False
        raise
    finally:
        connection.rollback()


def _is_readable(connection: Connection, table: str) -> bool:
    # Needs a privilege on any one column, as a handler does, which reads whole rows.
    try:
        connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 0")  # noqa: S608 - a name of ours
    except DBAPIError as error:
        if error_number(error) in {*DENIED, _NO_TABLE}:
            return False
        raise
    finally:
        connection.rollback()
    return True


def _succeeds(connection: Connection, statement: str) -> bool:
    try:
        connection.exec_driver_sql(statement)
    except DBAPIError as error:
        number = error_number(error)
        if number not in _LOCKED and error.orig is not None and conflict_of(error.orig) is not None:
            raise
        # Only refusals count. A statement that waited for a lock was allowed, and a foreign key that keeps one row
        # lets another one go.
        return number not in {*DENIED, SIGNALLED}
    finally:
        connection.rollback()
    return True
