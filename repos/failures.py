"""Which database errors are expected, and what to do about each."""

from __future__ import annotations

import sqlite3

import pymysql

from domain.errors import Conflict

DEADLOCK = 1213
LOCK_WAIT_TIMEOUT = 1205
NOWAIT_FAILED = 3572
CONNECTION_KILLED = 1927
QUERY_INTERRUPTED = 1317
SERVER_SHUTDOWN = 1053
SERVER_GONE = 2006
CONNECTION_LOST = 2013
CANNOT_CONNECT = 2003
CANNOT_CONNECT_LOCALLY = 2002
PACKETS_OUT_OF_ORDER = 2014
DUPLICATE_KEY = 1062

AGAIN = frozenset(
    {
        DEADLOCK,
        LOCK_WAIT_TIMEOUT,
        NOWAIT_FAILED,
        CONNECTION_KILLED,
        QUERY_INTERRUPTED,
        SERVER_SHUTDOWN,
        SERVER_GONE,
        CONNECTION_LOST,
        CANNOT_CONNECT,
        CANNOT_CONNECT_LOCALLY,
        PACKETS_OUT_OF_ORDER,
    }
)

DriverError = (pymysql.MySQLError, sqlite3.Error)


class HeadLocked(Conflict):
    """Another worker holds the head of this script; it looks again after its commit."""


class DuplicateKey(Conflict):
    """Another transaction wrote the same key first."""


class DatabaseUnreachable(Conflict):
    """The database did not take the connection."""


def conflict_of(error: BaseException) -> Conflict | None:
    """The `Conflict` a driver's error stands for; None where trying again would not help."""
    if isinstance(error, pymysql.MySQLError):
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if number == DUPLICATE_KEY:
            return DuplicateKey(str(error))
        if number in (CANNOT_CONNECT, CANNOT_CONNECT_LOCALLY):
            return DatabaseUnreachable(str(error))
        # PyMySQL gives 0 and no text for a connection it already closed.
        return Conflict(str(error)) if number in AGAIN or isinstance(error, pymysql.InterfaceError) else None
    if isinstance(error, sqlite3.IntegrityError) and "UNIQUE" in str(error):
        return DuplicateKey(str(error))
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return Conflict(str(error))
    return None
