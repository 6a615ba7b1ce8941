"""Pooled connections for sessions.

On SQLite a thread keeps the connection of its last session for the next: checking a connection out of the pool and in
again is a tenth of a command's cost in Python, and there is no server whose connections could run out.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Engine, PoolProxiedConnection, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from repos.database.driver_errors import DatabaseUnreachable, DriverError, conflict_of
from repos.database.engine import ENDED, MAX_PACKET
from repos.database.packet_text import PacketRoom, PacketText

# The limit is half of the server's max_allowed_packet if that is less.
MAX_STATEMENT_BYTES = 4 << 20
# One for all files: a dialect for each would compile all statements again.
SQLITE_DIALECT: Dialect = SQLiteDialect_pysqlite(dbapi=sqlite3)


class Connected:
    """A connection, a cursor on it, and the size limits of its server: of one statement, and of a value in it.

    On SQLite it caches a value from one session for the next, valid until the next write to the database.
    """

    __slots__ = ("_data_version", "_remembered", "cursor", "dialect", "is_sqlite", "pooled", "room", "text")

    def __init__(self, pooled: PoolProxiedConnection, dialect: Dialect) -> None:
        self.pooled = pooled
        self.cursor: Any = pooled.cursor()
        packet: int = pooled.info[MAX_PACKET]
        self.room = PacketRoom(packet)
        self.text = PacketText(dialect, min(MAX_STATEMENT_BYTES, packet // 2), packet)
        self.is_sqlite = dialect.name == "sqlite"
        self.dialect = SQLITE_DIALECT if self.is_sqlite else dialect
        self._data_version: int | None = None
        self._remembered: tuple[int, int, Any] | None = None

    def __del__(self) -> None:
        # Dropped in the middle of an exchange, or held by a thread that has ended: closing it is the only safe end.
        pooled = getattr(self, "pooled", None)
        if pooled is not None and self._is_checked_out(pooled):
            pooled.invalidate()

    @staticmethod  # a function of the module is None by the time the interpreter ends
    def _is_checked_out(pooled: PoolProxiedConnection) -> bool:
        """Whether a connection is still out of the pool for this owner.

        The garbage collector runs the pool's weak reference callback before `__del__`. It returns the connection to the
        pool, where another thread may have taken it since: closing it then would crash that thread.
        """
        record: Any = getattr(pooled, "_connection_record", None)
        owner = None if record is None else record.fairy_ref
        return owner is not None and owner() is pooled

    def recall(self) -> Any:
        """The remembered value, unless the database was written since; in a transaction that blocks other writers."""
        self.cursor.execute("PRAGMA data_version")
        self._data_version = self.cursor.fetchone()[0]
        remembered = self._remembered
        # The first number changes when another connection commits, the second when this one writes.
        if remembered is None or remembered[:2] != (self._data_version, self.cursor.connection.total_changes):
            return None
        return remembered[2]

    def remember(self, value: object) -> None:
        """Cache a value from a committed transaction; does nothing if `recall` was never called."""
        if self._data_version is not None:
            self._remembered = (self._data_version, self.cursor.connection.total_changes, value)


class ThreadConnection(threading.local):
    """The connection of each thread."""

    connected: Connected | None = None


def kept_of(engine: Engine) -> ThreadConnection | None:
    """The per-thread connections of an engine, until it is disposed of; None for a server database."""
    if engine.dialect.name != "sqlite":
        return None
    thread_connection = _thread_connections.get(engine)
    if thread_connection is None:
        thread_connection = _thread_connections.setdefault(engine, ThreadConnection())
        event.listen(engine, "engine_disposed", _forget)
    return thread_connection


def take(engine: Engine, thread_connection: ThreadConnection | None) -> Connected:
    """A connection for exclusive use.

    Raises:
        Conflict: the database did not accept the connection.
    """
    if thread_connection is not None and thread_connection.connected is not None:
        connected, thread_connection.connected = thread_connection.connected, None
        return connected
    return Connected(_connect(engine), engine.dialect)


def give_back(connected: Connected, thread_connection: ThreadConnection | None) -> None:
    """Return a connection, whose transaction has ended, for reuse."""
    if (
        thread_connection is not None
        and thread_connection.connected is None
        and not connected.cursor.connection.in_transaction
    ):
        thread_connection.connected = connected
        return
    connected.pooled.info[ENDED] = True
    connected.pooled.close()


# Kept outside `Connected`: a thread-local that references itself is never garbage-collected.
_thread_connections: WeakKeyDictionary[Engine, ThreadConnection] = WeakKeyDictionary()


def _forget(engine: Engine) -> None:
    # The connections of other threads are closed when these threads end.
    thread_connection = _thread_connections.pop(engine, None)
    if thread_connection is not None and thread_connection.connected is not None:
        thread_connection.connected.pooled.invalidate()


def _connect(engine: Engine) -> PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except PoolTimeout as error:
        raise DatabaseUnreachable(str(error)) from error
    except (DBAPIError, *DriverError) as error:
        # SQLAlchemy wraps an error of its own first queries to a server.
        conflict = conflict_of(error.orig or error if isinstance(error, DBAPIError) else error)
        if conflict is None:
            raise
        raise conflict from error
