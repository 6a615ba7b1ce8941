"""The database engine: one factory, called by the composition root after the fork."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymysql.constants import CLIENT
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from repos.database.server_status import StatusConnection
from repos.database.supported_servers import require_supported
from repos.private_file import make_private_file

__all__ = ["Engine", "make_engine", "open_engine"]  # `Engine`: for the layers above, which do not import SQLAlchemy

STRICT_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
LOCK_WAIT_SECONDS = 5
SOCKET_SECONDS = 15
CONNECT_SECONDS = 5
RECYCLE_SECONDS = 1_800
# The largest page the server packs into one value; a larger page is read row by row.
PACKED_PAGE_BYTES = 4 << 20
SESSION_SETTINGS = (
    f"SET SESSION sql_mode='{STRICT_MODE}', innodb_lock_wait_timeout={LOCK_WAIT_SECONDS}, time_zone='+00:00', "
    # Overrides the server's defaults: each statement is a transaction of its own, and a COMMIT neither begins the next
    # transaction nor ends the connection.
    f"group_concat_max_len={PACKED_PAGE_BYTES}, autocommit=1, completion_type=0"
)
# SQLite refuses values of 10^9 bytes and more.
SQLITE_PACKET_BYTES = 512 << 20

MEMORY = ":memory:"
# The page size of a new file. A commit writes whole pages: six of these, or five of the default 4,096 bytes; so half
# as many bytes.
SQLITE_PAGE_BYTES = 2_048

# Key in a pooled connection's `info`: the largest statement its server accepts, in bytes.
MAX_PACKET = "largest_packet"
# Execution option of a connection: the statement that begins its transactions, if not BEGIN.
BEGIN = "begin"
# Key in a pooled connection's `info`: its last transaction is known to have ended.
ENDED = "ended"


def make_engine(database_url: str, *, pool_size: int = 5, answer_seconds: int = SOCKET_SECONDS) -> Engine:
    """An engine for ``mysql+pymysql://…`` or ``sqlite:///…``, set up so that both behave the same.

    Connections wait at most 5 s for a lock and `answer_seconds` for an answer. Nothing is connected yet.
    """
    url = make_url(database_url)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _mysql(url, pool_size, answer_seconds)

    # Both drivers stay in autocommit, so that a statement outside a transaction leaves none open: an idle connection
    # in a transaction blocks ALTER TABLE on every table it read. Transactions begin explicitly.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, "BEGIN"))

    return engine


@contextmanager
def open_engine(database_url: str, *, pool_size: int = 5, answer_seconds: int = SOCKET_SECONDS) -> Iterator[Engine]:
    """An engine for the length of a block: its connections are closed at the end, also after an exception."""
    engine = make_engine(database_url, pool_size=pool_size, answer_seconds=answer_seconds)
    try:
        yield engine
    finally:
        engine.dispose()


def _mysql(url: URL, pool_size: int, answer_seconds: int) -> Engine:
    engine = create_engine(
        url.update_query_dict({"charset": "utf8mb4"}),
        paramstyle="format",
        pool_size=pool_size,
        max_overflow=0,
        pool_recycle=RECYCLE_SECONDS,
        # After a server restart, the dead connection that was just replaced is the next one used, whatever the size.
        pool_use_lifo=True,
        pool_reset_on_return=None,
        connect_args={
            "autocommit": True,
            "connect_timeout": min(CONNECT_SECONDS, answer_seconds),
            "read_timeout": answer_seconds,
            "write_timeout": answer_seconds,
            "client_flag": CLIENT.MULTI_STATEMENTS | CLIENT.FOUND_ROWS,
        },
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> StatusConnection:
        connection = StatusConnection(*arguments, **options)
        try:
            # Before any statement that an unsupported server may not know.
            require_supported(connection)
            connection.query(SESSION_SETTINGS)
        except BaseException:
            connection.close()
            raise
        return connection

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SELECT @@max_allowed_packet")
            record.info[MAX_PACKET] = cursor.fetchone()[0]

    @event.listens_for(engine, "reset")
    def forget(_connection: Any, record: Any, _state: Any) -> None:
        # A session ends its transaction itself, and a rollback is a round trip. But a connection returned in any other
        # way (dropped by an exception, garbage-collected) may be inside one, and the next BEGIN would commit it.
        if not record.info.pop(ENDED, False):
            record.invalidate()

    return engine


def _sqlite(url: URL) -> Engine:
    # Without an adapter the driver looks up an adapting method on every bytes value: a fiftieth of a command's cost.
    sqlite3.register_adapter(bytes, bytes.__bytes__)
    # One connection per thread, without a limit: each thread keeps its connection.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        max_overflow=-1,
        pool_reset_on_return=None,
        connect_args={"timeout": LOCK_WAIT_SECONDS},
    )

    @event.listens_for(engine, "do_connect")
    def make_private(_dialect: Any, _record: Any, args: Any, _options: Any) -> None:
        if args[0] != MEMORY:
            make_private_file(Path(args[0]))

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        # The unit of work sends BEGIN itself: the driver's own BEGIN would come too late to act as a lock.
        connection.isolation_level = None
        # SQLite accepts any bytes as text, and the driver's own decoding would raise on such a row.
        connection.text_factory = _text_of
        # Must come before the file is created: an existing file keeps its page size.
        connection.execute(f"PRAGMA page_size = {SQLITE_PAGE_BYTES}")
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        record.info[MAX_PACKET] = SQLITE_PACKET_BYTES

    @event.listens_for(engine, "reset")
    def reset(connection: sqlite3.Connection, record: Any, _state: Any) -> None:
        # A collected connection may return to the pool of an engine that has been disposed of, which nothing closes.
        if record.fairy_ref is not None and record.fairy_ref() is None:
            record.invalidate()
        else:
            connection.rollback()

    return engine


def _text_of(stored: bytes) -> str:
    return stored.decode(errors="surrogateescape")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, for every connection to it.

    When several connections switch a new file at once, SQLite lets one succeed and fails the others without waiting.
    """
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
