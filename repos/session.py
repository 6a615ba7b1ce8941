"""A session: one connection, one transaction, as few round trips as the write path allows.

Statements are SQLAlchemy Core, compiled once a dialect and sent through the driver's cursor. On MySQL and MariaDB
the writes of a unit of work are gathered and leave as one multi-statement round trip; every result of it is read,
and every row count compared, before COMMIT is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Engine, Executable, PoolProxiedConnection, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.sql.compiler import SQLCompiler

from domain.errors import Conflict, Corrupt
from repos import phases
from repos.engine import ENDED, LARGEST_PACKET
from repos.failures import DatabaseUnreachable, DriverError, DuplicateKey, TooLargeForDatabase, conflict_of
from repos.phases import reached

MAX_STATEMENT_BYTES = 4 << 20
"""Or half of the server's max_allowed_packet, whichever is less."""
ROOM_IN_A_PACKET = 64 << 10
"""What a statement may hold beside the one large value in it."""

Params = dict[str, Any]
Row = tuple[Any, ...]
Asked = tuple[Executable, Params]


class _Prepared(NamedTuple):
    sql: str
    names: tuple[str, ...]
    constants: Params

    def values(self, params: Params) -> tuple[Any, ...]:
        return tuple([params[name] if name in params else self.constants[name] for name in self.names])


class _Write(NamedTuple):
    sql: str
    values: tuple[Any, ...]
    rows: int | None


class _Insert(NamedTuple):
    table: Table
    columns: tuple[str, ...]
    rows: list[Row]


class Session:
    """One transaction on one connection of an engine's pool.

    Raises:
        Conflict: another writer or a lost connection was in the way; the transaction is gone.
    """

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect
        self._many_at_once = engine.dialect.name in ("mysql", "mariadb")
        self._pooled = _connect(engine)
        self._cursor: Any = self._pooled.cursor()
        self._packet: int = self._pooled.info[LARGEST_PACKET]
        self._statement_bytes = min(MAX_STATEMENT_BYTES, self._packet // 2)
        self._writes: list[_Write | _Insert] = []
        self._inserts: dict[Table, _Insert] | None = None
        self._lost: Conflict | None = None
        self._in_step = True

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database, whose dialect differs in a few statements."""
        return not self._many_at_once

    def require_room(self, what: str, size: int) -> None:
        """Refuse a row that the database would not take, before it breaks the transaction.

        Raises:
            TooLargeForDatabase: its bytes, in hex as they are sent, are more than one packet holds.
        """
        limit = (self._packet - ROOM_IN_A_PACKET) // 2
        if size > limit:
            raise TooLargeForDatabase(what=what, size=size, limit=limit)

    def start(self, statement: Executable | None = None, **params: Any) -> list[Row]:
        """Begin, and read with the first statement: one round trip."""
        begin = "START TRANSACTION" if self._many_at_once else "BEGIN IMMEDIATE"
        if statement is None:
            with self._talking():
                self._cursor.execute(begin)
            return []
        return self._after(begin, statement, params)

    def merge_inserts(self) -> None:
        """Send all rows for one table together, where the first of them stands: for several scripts at once."""
        self._inserts = {}

    def rows_of(self, asked: Sequence[Asked]) -> list[list[Row]]:
        """What several statements read, each with its parameters: one round trip."""
        prepared = [(_prepare(statement, self._dialect), params) for statement, params in asked]
        if not self._many_at_once or not asked:
            return [self.rows(statement, **params) for statement, params in asked]
        texts = [self._text(each.sql, each.values(params)) for each, params in prepared]
        found: list[list[Row]] = []
        with self._talking():
            self._cursor.execute(";".join(texts))
            for _ in texts:
                found.append(list(self._cursor.fetchall()))
                self._cursor.nextset()
        return found

    def rows(self, statement: Executable, **params: Any) -> list[Row]:
        """What a statement reads."""
        prepared = _prepare(statement, self._dialect)
        with self._talking():
            self._cursor.execute(prepared.sql, prepared.values(params))
            return list(self._cursor.fetchall())

    def run(self, statement: Executable, **params: Any) -> int:
        """Run a write at once; the number of rows it found."""
        prepared = _prepare(statement, self._dialect)
        with self._talking():
            self._cursor.execute(prepared.sql, prepared.values(params))
            return int(self._cursor.rowcount)

    def insert(self, statement: Executable, **params: Any) -> int:
        """Insert one row at once; the number the database gave it."""
        self.run(statement, **params)
        return int(self._cursor.lastrowid)

    def later(self, statement: Executable, *, rows: int | None = None, **params: Any) -> None:
        """Gather a write for the flush; `rows` is how many rows it must find."""
        prepared = _prepare(statement, self._dialect)
        self._writes.append(_Write(prepared.sql, prepared.values(params), rows))

    def later_insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Gather an insert of many rows for the flush, in statements of bounded size."""
        if not rows:
            return
        insert = _Insert(table, tuple(columns), list(rows))
        if self._inserts is not None:
            known = self._inserts.setdefault(table, insert)
            if known is not insert:
                known.rows.extend(rows)
                return
        self._writes.append(insert)

    def flush(self) -> None:
        """Send the gathered writes and read every answer to them."""
        writes: list[_Write] = []
        for gathered in self._writes:
            if isinstance(gathered, _Write):
                writes.append(gathered)
            else:
                writes.extend(self._inserts_of(gathered))
        self._writes = []
        if phases.listener is None:
            self._send(writes)
            return
        for write in writes:
            with phases.writing(write.sql):
                self._send([write])

    def commit(self, look: Executable | None = None, **params: Any) -> list[Row]:
        """Flush and commit; with `look`, read outside the transaction what is there now, in the same round trip."""
        self.flush()
        reached("before commit sent")
        found: list[Row] = []
        if look is not None:
            found = self._after("COMMIT", look, params)
        else:
            with self._talking():
                self._cursor.execute("COMMIT")
        reached("after commit answered")
        return found

    def rollback(self) -> None:
        """Forget everything since the start, and give the connection back; a broken one is closed for good."""
        if not self._in_step:
            # An exception from outside (a time limit, a signal) came between a question and its answer.
            self.abandon()
            return
        try:
            self._pooled.rollback()
        except DriverError:
            self.abandon()
        else:
            self.close()

    def close(self) -> None:
        """Give the connection back to the pool; its transaction has ended."""
        self._pooled.info[ENDED] = True
        self._pooled.close()

    def abandon(self) -> None:
        """Close the connection for good: nobody knows what state it is in."""
        self._pooled.invalidate()

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """A question to the server and all of its answer.

        A conflict ends the transaction whatever the server kept of it (1205 takes back the statement only): whoever
        goes on meets the same conflict, so that nothing is written outside.
        """
        if self._lost is not None:
            raise self._lost
        self._in_step = False
        try:
            yield
        except DriverError as error:
            self._in_step = True
            conflict = conflict_of(error)
            if conflict is None:
                raise
            if not isinstance(conflict, DuplicateKey):
                self._lost = conflict
            raise conflict from error
        self._in_step = True

    def _after(self, word: str, statement: Executable, params: Params) -> list[Row]:
        prepared = _prepare(statement, self._dialect)
        with self._talking():
            if self._many_at_once:
                self._cursor.execute(f"{word};{self._text(prepared.sql, prepared.values(params))}")
                self._cursor.nextset()
            else:
                self._cursor.execute(word)
                self._cursor.execute(prepared.sql, prepared.values(params))
            return list(self._cursor.fetchall())

    def _inserts_of(self, gathered: _Insert) -> Iterator[_Write]:
        mark = "%s" if self._many_at_once else "?"
        for part in _bounded(gathered.rows, self._statement_bytes):
            values = tuple([value for row in part for value in row])
            yield _Write(_insert_text(gathered.table.name, gathered.columns, len(part), mark), values, len(part))

    def _send(self, writes: list[_Write]) -> None:
        with self._talking():
            if not self._many_at_once:
                for write in writes:
                    self._cursor.execute(write.sql, write.values)
                    _expect_rows(write, self._cursor.rowcount)
                return
            for batch in self._batches(writes):
                self._cursor.execute(";".join(text for text, _ in batch))
                for _, write in batch:
                    _expect_rows(write, self._cursor.rowcount)
                    self._cursor.nextset()

    def _batches(self, writes: list[_Write]) -> Iterator[list[tuple[str, _Write]]]:
        batch: list[tuple[str, _Write]] = []
        size = 0
        for write in writes:
            text = self._text(write.sql, write.values)
            if batch and size + len(text) > self._statement_bytes:
                yield batch
                batch, size = [], 0
            batch.append((text, write))
            size += len(text)
        if batch:
            yield batch

    def _text(self, sql: str, values: tuple[Any, ...]) -> str:
        """A statement with its values in it, as the driver's `mogrify` gives it, in half its time."""
        return sql % tuple([self._literal(value) for value in values])

    def _literal(self, value: Any) -> str:
        kind = type(value)
        if kind is int:
            return str(value)
        if kind is bytes:
            return f"X'{value.hex()}'"
        return str(self._cursor.connection.escape(value))


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


_prepared: WeakKeyDictionary[Executable, dict[Dialect, _Prepared]] = WeakKeyDictionary()


def _prepare(statement: Executable, dialect: Dialect) -> _Prepared:
    by_dialect = _prepared.get(statement)
    if by_dialect is None:
        by_dialect = _prepared.setdefault(statement, {})
    found = by_dialect.get(dialect)
    if found is None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement of ours is a clause
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for the type checker
        names = tuple(compiled.positiontup or ())
        found = by_dialect[dialect] = _Prepared(str(compiled), names, dict(compiled.params))
    return found


@lru_cache(maxsize=256)
def _insert_text(table: str, columns: tuple[str, ...], rows: int, mark: str) -> str:
    group = f"({', '.join([mark] * len(columns))})"
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([group] * rows)}"  # noqa: S608 - names of ours, no values


def _bounded(rows: Sequence[Row], most_bytes: int) -> Iterator[Sequence[Row]]:
    if len(rows) == 1:
        yield rows
        return
    start = size = 0
    for position, row in enumerate(rows):
        # Bytes are sent in hex.
        weight = 16 * len(row)
        for value in row:
            if value.__class__ is bytes or value.__class__ is str:
                weight += 2 * len(value)
        # SQLite takes 32,766 parameters; a thousand rows stay well below.
        if position > start and (size + weight > most_bytes or position - start >= 1_000):
            yield rows[start:position]
            start, size = position, 0
        size += weight
    if start < len(rows):
        yield rows[start:]


def _expect_rows(write: _Write, found: int) -> None:
    if write.rows is not None and found != write.rows:
        raise Corrupt(f"a write found {found} rows instead of {write.rows}: {write.sql[:80]}")
