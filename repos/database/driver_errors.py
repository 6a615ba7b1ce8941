"""Which database errors are expected, and what to do about each."""

from __future__ import annotations

import sqlite3

import pymysql

from domain.errors import Conflict, Rejected
from repos.database.error_codes import CHECK_FAILED, CONFLICTS, DUPLICATE_KEY, PACKET_TOO_LARGE, UNREACHABLE

SQLITE_AGAIN = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
SQLITE_DUPLICATE_KEY = frozenset(
    {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID}
)

DriverError = (pymysql.MySQLError, sqlite3.Error)


class HeadLocked(Conflict):
    """Another worker holds the head of this script; it looks again after its commit."""


class InboxTooDeep(Conflict):
    """More waits for several scripts than one look takes; nothing was done. `script_id` has most of it."""

    def __init__(self, script_id: int) -> None:
        super().__init__(f"too much waits for script {script_id} to be read with others")
        self.script_id = script_id


class DuplicateKey(Conflict):
    """Another transaction wrote the same key first."""


class DatabaseUnreachable(Conflict):
    """The database did not take the connection."""


class TooLargeForDatabase(Rejected):
    """The {what} has {size} bytes, more than the {limit} this database takes at once; send it in parts."""


def conflict_of(error: BaseException) -> Conflict | None:
    """The `Conflict` a driver's error stands for; None where trying again would not help."""
    if isinstance(error, pymysql.MySQLError):
        return _mysql_conflict(error)
    if isinstance(error, sqlite3.Error):
        return _sqlite_conflict(error)
    return None


def blames_a_row(error: BaseException) -> bool:
    """Whether the database refused what a row holds, as against who writes it or how."""
    if isinstance(error, pymysql.MySQLError):
        blames = isinstance(error, (pymysql.DataError, pymysql.IntegrityError))
        return blames or _number(error) in CHECK_FAILED or _number(error) == PACKET_TOO_LARGE
    return isinstance(error, (sqlite3.DataError, sqlite3.IntegrityError))


def _mysql_conflict(error: pymysql.MySQLError) -> Conflict | None:
    number = _number(error)
    if number == DUPLICATE_KEY:
        return DuplicateKey(str(error))
    if number in UNREACHABLE:
        return DatabaseUnreachable(str(error))
    # PyMySQL gives no number to a connection it already closed, or to packets it could not follow.
    broken = number == 0 and isinstance(error, (pymysql.InterfaceError, pymysql.InternalError))
    return Conflict(str(error)) if number in CONFLICTS or broken else None


def _sqlite_conflict(error: sqlite3.Error) -> Conflict | None:
    code = getattr(error, "sqlite_errorcode", 0)
    if code in SQLITE_DUPLICATE_KEY:
        return DuplicateKey(str(error))
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_CANTOPEN:
        return DatabaseUnreachable(str(error))
    return Conflict(str(error)) if primary in SQLITE_AGAIN else None


def _number(error: pymysql.MySQLError) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
