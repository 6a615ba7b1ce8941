"""Connections: what a session talks through, out of the engine's pool.

On SQLite a thread keeps the connection of its last session for the next: taking one out of the pool and putting it
back is a tenth of what a command costs in Python, and there is no server that could have too many of them.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, PoolProxiedConnection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from repos.engine import ENDED, LARGEST_PACKET
from repos.failures import DatabaseUnreachable, DriverError, conflict_of


class Connected(NamedTuple):
    """A connection, a cursor on it, and the bytes its server takes as one statement."""

    pooled: PoolProxiedConnection
    cursor: Any
    packet: int


def take(engine: Engine) -> Connected:
    """A connection that nobody else has.

    Raises:
        Conflict: the database did not take the connection.
    """
    if engine.dialect.name == "sqlite":
        kept = _kept_of(engine)
        found, kept.connected = kept.connected, None
        if found is not None:
            return found
    pooled = _connect(engine)
    return Connected(pooled, pooled.cursor(), pooled.info[LARGEST_PACKET])


def give_back(engine: Engine, connected: Connected) -> None:
    """Leave a connection, whose transaction has ended, to whoever needs one next."""
    pooled = connected.pooled
    if isinstance(pooled.dbapi_connection, sqlite3.Connection):
        kept = _kept_of(engine)
        if kept.connected is None and not pooled.dbapi_connection.in_transaction:
            kept.connected = connected
            return
    pooled.info[ENDED] = True
    pooled.close()


class _Kept(threading.local):
    """The connection a thread keeps."""

    connected: Connected | None = None


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def _kept_of(engine: Engine) -> _Kept:
    found = _kept.get(engine)
    if found is None:
        found = _kept.setdefault(engine, _Kept())
        event.listen(engine, "engine_disposed", _forget)
    return found


def _forget(engine: Engine) -> None:
    # Those of other threads go with what held them.
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
