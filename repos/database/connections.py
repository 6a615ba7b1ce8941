"""Connections: what a session talks through, out of the engine's pool.

On SQLite a thread keeps the connection of its last session for the next: taking one out of the pool and putting it
back is a tenth of what a command costs in Python, and there is no server that could have too many of them.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, PoolProxiedConnection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from repos.database.driver_errors import DatabaseUnreachable, DriverError, conflict_of
from repos.database.engine import ENDED, MAX_PACKET
from repos.database.packet_text import PacketRoom


class Connected:
    """A connection, a cursor on it, and what its server has room for: the bytes of one packet, and of a value in it.

    On SQLite it knows what a session left for the next one on it, until anybody writes to the database.
    """

    __slots__ = ("_data_version", "_remembered", "cursor", "packet", "pooled", "room")

    def __init__(self, pooled: PoolProxiedConnection) -> None:
        self.pooled = pooled
        self.cursor: Any = pooled.cursor()
        self.packet: int = pooled.info[MAX_PACKET]
        self.room = PacketRoom(self.packet)
        self._data_version: int | None = None
        self._remembered: tuple[int, int, Any] | None = None

    def __del__(self) -> None:
        # Dropped in the middle of something, or kept by a thread that has ended: only closing it leaves nothing open.
        pooled = getattr(self, "pooled", None)
        if pooled is not None and pooled.dbapi_connection is not None:
            pooled.invalidate()

    def recall(self) -> Any:
        """What was remembered, if nobody has written since; within a transaction that keeps others from writing."""
        self.cursor.execute("PRAGMA data_version")
        self._data_version = self.cursor.fetchone()[0]
        remembered = self._remembered
        # The first number changes where another connection commits, the second where this one writes.
        if remembered is None or remembered[:2] != (self._data_version, self.cursor.connection.total_changes):
            return None
        return remembered[2]

    def remember(self, what: object) -> None:
        """Keep what a transaction left, now that it is committed; nothing where nobody ever asked to recall."""
        if self._data_version is not None:
            self._remembered = (self._data_version, self.cursor.connection.total_changes, what)


class ThreadConnection(threading.local):
    """Where a thread keeps its connection."""

    connected: Connected | None = None


def kept_of(engine: Engine) -> ThreadConnection | None:
    """Where threads keep connections of an engine, until it is disposed of; None where they do not."""
    if engine.dialect.name != "sqlite":
        return None
    found = _kept.get(engine)
    if found is None:
        found = _kept.setdefault(engine, ThreadConnection())
        event.listen(engine, "engine_disposed", _forget)
    return found


def take(engine: Engine, kept: ThreadConnection | None) -> Connected:
    """A connection that nobody else has.

    Raises:
        Conflict: the database did not take the connection.
    """
    if kept is not None and kept.connected is not None:
        found, kept.connected = kept.connected, None
        return found
    return Connected(_connect(engine))


def give_back(connected: Connected, kept: ThreadConnection | None) -> None:
    """Leave a connection, whose transaction has ended, to whoever needs one next."""
    if kept is not None and kept.connected is None and not connected.cursor.connection.in_transaction:
        kept.connected = connected
        return
    connected.pooled.info[ENDED] = True
    connected.pooled.close()


# Not in the connection: what refers to itself through a thread's own is never collected.
_kept: WeakKeyDictionary[Engine, ThreadConnection] = WeakKeyDictionary()


def _forget(engine: Engine) -> None:
    # Those of other threads are closed when these end.
    kept = _kept.pop(engine, None)
    if kept is not None and kept.connected is not None:
        kept.connected.pooled.invalidate()


def _connect(engine: Engine) -> PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except PoolTimeout as error:
        raise DatabaseUnreachable(str(error)) from error
    except (DBAPIError, *DriverError) as error:
        # SQLAlchemy's own first look at a server comes wrapped.
        conflict = conflict_of(error.orig or error if isinstance(error, DBAPIError) else error)
        if conflict is None:
            raise
        raise conflict from error
