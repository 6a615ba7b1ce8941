"""Driver errors: which are expected, and the exception each becomes."""

from __future__ import annotations

import sqlite3

import pymysql

from domain.errors import Conflict, Rejected
from repos.database.error_codes import (
    CHECK_FAILED,
    CONFLICTS,
    DUPLICATE_KEY,
    INTERRUPTED,
    NO_WRITES,
    PACKET_TOO_LARGE,
    UNREACHABLE,
)

SQLITE_AGAIN = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
SQLITE_OUTAGES = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
SQLITE_DUPLICATE_KEY = frozenset(
    {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID}
)

DriverError = (pymysql.MySQLError, sqlite3.Error)


def error_number(error: BaseException) -> int:
    """The number of a server's error, also of one that SQLAlchemy has wrapped; 0 if it has none, as on SQLite."""
    arguments = (getattr(error, "orig", None) or error).args
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


class HeadLocked(Conflict):
    """Another worker holds the head of this script; it re-checks the inbox after its commit."""


class InboxTooDeep(Conflict):
    """The pending submissions of several scripts exceed one query; nothing was done. `script_id` has the most."""

    def __init__(self, script_id: int) -> None:
        super().__init__(f"script {script_id} has too many pending submissions to be read with other scripts")
        self.script_id = script_id


class DuplicateKey(Conflict):
    """Another transaction wrote the same key first."""


class DatabaseUnreachable(Conflict):
    """The database did not accept the connection."""


class TooLargeForDatabase(Rejected):
    """The {what} has {size} bytes, more than the {limit} that its max_allowed_packet lets in; send it in parts."""


def conflict_of(error: BaseException) -> Conflict | None:
    """The `Conflict` for a driver's error; None if a retry would not help."""
    if isinstance(error, pymysql.MySQLError):
        return _mysql_conflict(error)
    if isinstance(error, sqlite3.Error):
        return _sqlite_conflict(error)
    return None


def blames_a_row(error: BaseException) -> bool:
    """Whether the database refused the content of a row, rather than the writer or the statement."""
    if isinstance(error, pymysql.MySQLError):
        blames = isinstance(error, (pymysql.DataError, pymysql.IntegrityError))
        return blames or error_number(error) in CHECK_FAILED or error_number(error) == PACKET_TOO_LARGE
    return isinstance(error, (sqlite3.DataError, sqlite3.IntegrityError))


def is_outage(error: BaseException) -> bool:
    """Whether an error means that the database, or its disk, works for no one at the moment."""
    if isinstance(error, DatabaseUnreachable):
        return True
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_OUTAGES
    if not isinstance(error, pymysql.MySQLError):
        return False
    number = error_number(error)
    return number in UNREACHABLE or number in INTERRUPTED or number in NO_WRITES or _is_broken(error)


def _mysql_conflict(error: pymysql.MySQLError) -> Conflict | None:
    number = error_number(error)
    if number == DUPLICATE_KEY:
        return DuplicateKey(str(error))
    if number in UNREACHABLE:
        return DatabaseUnreachable(str(error))
    return Conflict(str(error)) if number in CONFLICTS or _is_broken(error) else None


def _sqlite_conflict(error: sqlite3.Error) -> Conflict | None:
    code = getattr(error, "sqlite_errorcode", 0)
    if code in SQLITE_DUPLICATE_KEY:
        return DuplicateKey(str(error))
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_CANTOPEN:
        return DatabaseUnreachable(str(error))
    return Conflict(str(error)) if primary in SQLITE_AGAIN else None


def _is_broken(error: pymysql.MySQLError) -> bool:
    # PyMySQL sets no error number for a connection it already closed, or for packets out of sequence.
    return error_number(error) == 0 and isinstance(error, (pymysql.InterfaceError, pymysql.InternalError))
