"""The database engine: one factory, called by the composition root after the fork."""

from __future__ import annotations

import sqlite3
from typing import Any

from pymysql.constants import CLIENT
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

__all__ = ["Engine", "make_engine"]

STRICT_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
LOCK_WAIT_SECONDS = 5
SOCKET_SECONDS = 15
RECYCLE_SECONDS = 1_800


def make_engine(database_url: str, *, pool_size: int = 5) -> Engine:
    """An engine for ``mysql+pymysql://…`` or ``sqlite:///…``, set up so that both mean the same.

    Connections wait at most 5 s for a lock and 15 s for an answer. Nothing is connected yet.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(
        url.update_query_dict({"charset": "utf8mb4"}),
        paramstyle="format",
        pool_size=pool_size,
        max_overflow=0,
        pool_recycle=RECYCLE_SECONDS,
        # A unit of work always ends its transaction itself; a rollback on return would be one more round trip.
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": 5,
            "read_timeout": SOCKET_SECONDS,
            "write_timeout": SOCKET_SECONDS,
            "client_flag": CLIENT.MULTI_STATEMENTS | CLIENT.FOUND_ROWS,
            "init_command": (
                f"SET SESSION sql_mode='{STRICT_MODE}', innodb_lock_wait_timeout={LOCK_WAIT_SECONDS}, "
                "time_zone='+00:00'"
            ),
        },
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": LOCK_WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The unit of work says BEGIN itself: the driver's own would come too late to be a lock.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine
