"""The connection to a legacy source: an engine of its own, read only, pinned to UTC and utf8mb4.

The interface for the layers above, which know no SQLAlchemy and no SQL:

    with open_source(url) as source:            # SourceError: one sentence, a stable code, no password
        catalog = read_catalog(source)          # repos.legacy.catalog: tables, columns, keys as values
        for page in read_pages(source, table):  # repos.legacy.rows: rows in key order, bounded memory

Other files of `repos/legacy/` send SQL of their own through `fetch` and `stream`. A stream has a connection of its own,
so streams may be nested. Every session is READ ONLY, and asked whether it is: a write ends with an error on the server,
whatever the account may do. What READ ONLY allows and is no reading (files, locks, settings, READ WRITE itself) is
refused by `repos.legacy.reading`. The account needs SELECT on the source and nothing else.

Values arrive as they are stored. Dates and times are text on both databases ("2021-02-03 04:05:06.789"; a zero date is
"0000-00-00 00:00:00"), TIMESTAMP columns in UTC; JSON is text; decimals are `Decimal`; BLOB, BINARY and BIT are bytes.
Text of an SQLite file that is not UTF-8 holds lone surrogates (surrogateescape).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import SSCursor
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from repos.database.database_url import UnfitUrl, checked
from repos.driver.idle_connections import check_idle_connections
from repos.driver.result_rows import InlineResult
from repos.driver.tls_context import SharedContextConnection
from repos.legacy.errors import SourceError, explained
from repos.legacy.reading import require_reading
from repos.read_only_file import read_only_uri

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 120
MAX_CONNECTIONS = 8
STREAM_BATCH_ROWS = 500

# READ ONLY covers every statement, also those outside a transaction and those on MyISAM. The empty mode lets a zero
# date be compared, and gives quotes and backslashes their usual meaning. A long read is not ended by a limit that the
# server has for its application, nor by a slow reader. MySQL alone caches the sizes of tables, and sorts rows with
# their JSON, each of which has to fit its sort buffer (error 1038); it takes no more memory than it needs.
SESSION_SETTINGS = (
    "SET SESSION sql_mode='', time_zone='+00:00', net_write_timeout=600, wait_timeout=3600 "
    "/*!80000 , information_schema_stats_expiry=0, max_execution_time=0, sort_buffer_size=67108864 */ "
    "/*M!100101 , max_statement_time=0 */"
)
READ_ONLY = "SET SESSION TRANSACTION READ ONLY"
IS_READ_ONLY = "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_read_only', 'transaction_read_only')"
CHARSETS = "SELECT @@character_set_connection, @@character_set_results, @@character_set_client"
UTF8MB4 = "utf8mb4"

_DATES = (FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.TIME)
# PyMySQL returns a valid date as an object and an impossible one as text; here every date is text.
CONVERSIONS = {key: value for key, value in conversions.items() if key not in _DATES}

Row = tuple[Any, ...]


@dataclass(frozen=True)
class ServerFacts:
    """What the server says about itself; on SQLite the settings of a server are empty."""

    product: str  # MariaDB, MySQL or SQLite
    version: str
    database: str
    charset: str
    collation: str
    sql_mode: str
    time_zone: str
    utc_offset_minutes: int
    max_packet_bytes: int


class Source:
    """An open legacy source. `name` is its URL without user and password."""

    def __init__(self, engine: Engine, name: str, database: str) -> None:
        self._engine = engine
        self._database = database
        self.name = name
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.mark = "?" if self.is_sqlite else "%s"
        self.facts = self._facts()

    def quoted(self, identifier: str) -> str:
        """A name of a table or column, quoted for a statement with or without parameters."""
        return self._engine.dialect.identifier_preparer.quote_identifier(identifier)

    def fetch(self, sql: str, params: Sequence[Any] = (), *, table: str | None = None) -> list[Row]:
        """The rows of a small result; `table` is named in an error."""
        return [row for batch in self.stream(sql, params, table=table) for row in batch]

    def stream(
        self,
        sql: str,
        params: Sequence[Any] = (),
        *,
        table: str | None = None,
        batch_rows: int | None = STREAM_BATCH_ROWS,
        as_bytes: Collection[int] = (),
    ) -> Generator[list[Row], None, None]:
        """The rows of a result of any size, in lists, through a server-side cursor on a connection of its own.

        Without `batch_rows` each list has one row, and those after it that have arrived as well, in 8 KiB at most.
        A `%` in the text of the statement is written `%%` on a server, and once on SQLite. `as_bytes` are the places of
        columns whose text a server sends in UTF-8 and that are returned as it comes; SQLite has a CAST for that.

        Raises:
            SourceError: the statement does more than read, or the source cannot be read.
        """
        require_reading(sql)
        with explained(self.name, table), closing(self._engine.raw_connection()) as pooled:
            driver = pooled.driver_connection
            assert driver is not None  # noqa: S101 - for the type checker
            cursor = driver.cursor() if self.is_sqlite else driver.cursor(SSCursor)
            ended = False
            try:
                cursor.execute(sql, tuple(params))
                if as_bytes and not self.is_sqlite:
                    converters = cursor._result.converters  # PyMySQL has no other way to undecoded text
                    for place in as_bytes:
                        converters[place] = (None, None)
                take = _taking(cursor, batch_rows)
                while rows := take():
                    yield rows
                    del rows  # or it would stay while the next ones are read
                cursor.close()
                ended = True
            finally:
                if not ended:
                    # The rest of the result is still on its way: reading it could take hours, and PyMySQL would read it
                    # when the result is collected.
                    if (result := getattr(cursor, "_result", None)) is not None:
                        result.unbuffered_active = False
                    pooled.invalidate()

    def may_read_ahead(self) -> bool:
        """Whether a stream may stay open while others are read: on a server, if half its connections are free."""
        pool = self._engine.pool
        return not self.is_sqlite and isinstance(pool, QueuePool) and pool.checkedout() < MAX_CONNECTIONS // 2

    def response_seconds(self) -> float:
        """How long an empty query takes."""
        begun = time.monotonic()
        self.fetch("SELECT 1")
        return time.monotonic() - begun

    @contextmanager
    def reflecting(self, table: str | None = None) -> Iterator[Connection]:
        """An SQLAlchemy connection, for reflection."""
        with explained(self.name, table), self._engine.connect() as connection:
            yield connection

    def _facts(self) -> ServerFacts:
        if self.is_sqlite:
            # Reads the first page of the file: a file that is no database is refused here.
            self.fetch("SELECT count(*) FROM sqlite_master")
            return ServerFacts("SQLite", sqlite3.sqlite_version, self._database, "utf8", "BINARY", "", "", 0, 0)
        row = self.fetch(
            "SELECT VERSION(), DATABASE(), @@character_set_database, @@collation_database, @@global.sql_mode, "
            "IF(@@global.time_zone = 'SYSTEM', @@system_time_zone, @@global.time_zone), TIMESTAMPDIFF(MINUTE, "
            "UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone)), @@global.max_allowed_packet"
        )[0]
        version, database, charset, collation, mode, zone, offset, packet = row
        product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
        return ServerFacts(product, version, database, charset, collation, mode, zone, int(offset or 0), int(packet))


@contextmanager
def open_source(url: str, *, read_timeout: float = READ_TIMEOUT_SECONDS) -> Iterator[Source]:
    """A legacy source for the length of a block: `mysql://…`, `mariadb://…` or `sqlite:///file`.

    Raises:
        SourceError: the URL, the file, the account or the server is unusable, or text would be changed on its way.
    """
    try:
        parsed = make_url(checked(url))
    except UnfitUrl as error:
        raise SourceError("source_url", f"The URL of the legacy database must be {error}.") from None
    name = _without_password(parsed)
    engine = _file(parsed) if parsed.get_backend_name() == "sqlite" else _server(parsed, name, read_timeout)
    try:
        yield Source(engine, name, str(parsed.database))
    finally:
        engine.dispose()


class _SourceConnection(SharedContextConnection):
    """A connection whose rows are taken from their packets in one loop."""

    def _read_query_result(self, unbuffered: bool = False) -> int:
        self._result = None
        result = InlineResult(self)
        if unbuffered:
            result.init_unbuffered_query()
        else:
            result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows)


def _taking(cursor: Any, batch_rows: int | None) -> Callable[[], list[Row]]:
    """A call that returns the next rows of a cursor, and an empty list at the end."""
    if isinstance(cursor, sqlite3.Cursor):
        return partial(cursor.fetchmany, batch_rows or 1)
    result: InlineResult = cursor._result  # PyMySQL's own `fetchmany` takes row by row
    return result.arrived_rows if batch_rows is None else partial(result.next_rows, batch_rows)


def _server(url: URL, name: str, read_timeout: float) -> Engine:
    engine = create_engine(
        url.update_query_dict({"charset": UTF8MB4}),
        paramstyle="format",
        pool_size=2,
        max_overflow=MAX_CONNECTIONS - 2,
        pool_timeout=CONNECT_TIMEOUT_SECONDS,
        pool_reset_on_return=None,
        connect_args={
            "autocommit": True,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "read_timeout": read_timeout,
            "write_timeout": read_timeout,
            "conv": CONVERSIONS,
            "local_infile": False,
        },
    )

    check_idle_connections(engine)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> _SourceConnection:
        return _SourceConnection(*arguments, **options)

    # Before SQLAlchemy asks the session for its mode: quotes are those of the empty one, also on a server whose own has
    # ANSI_QUOTES.
    @event.listens_for(engine, "connect", insert=True)
    def prepare(connection: pymysql.Connection[Any], _record: Any) -> None:
        connection.query(SESSION_SETTINGS)
        connection.query(READ_ONLY)
        with connection.cursor() as cursor:
            cursor.execute(IS_READ_ONLY)
            if {str(value).upper() for _, value in cursor.fetchall()} != {"ON"}:
                raise SourceError(
                    "source_not_read_only",
                    f"The server of {name} did not make the session read only: connect to it directly, not by a proxy.",
                )
            cursor.execute(CHARSETS)
            charsets = {str(charset) for charset in cursor.fetchone() or ()}
        if charsets != {UTF8MB4}:
            raise SourceError(
                "source_charset",
                f"The server of {name} answers in {', '.join(sorted(charsets - {UTF8MB4}))} instead of {UTF8MB4}, "
                "which merges different texts: start it without skip-character-set-client-handshake.",
            )

    return engine


def _file(url: URL) -> Engine:
    # A URI, because only that opens a file without creating or changing it.
    if "\0" in str(url.database):
        raise SourceError("source_url", "The URL of the legacy database names a file with a NUL character.")
    file = Path(str(url.database)).resolve()
    return create_engine("sqlite://", poolclass=QueuePool, max_overflow=-1, creator=lambda: _open_file(file))


def _open_file(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        read_only_uri(file), uri=True, timeout=CONNECT_TIMEOUT_SECONDS, check_same_thread=False
    )
    connection.isolation_level = None
    connection.text_factory = _text_of
    connection.execute("PRAGMA query_only = ON")
    return connection


def _text_of(stored: bytes) -> str:
    return stored.decode(errors="surrogateescape")


def _without_password(url: URL) -> str:
    """The URL as it may be shown: neither user, password nor options."""
    scheme = url.get_backend_name()
    host = f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}" if scheme != "sqlite" else ""
    return f"{scheme}://{host}/{url.database}"
