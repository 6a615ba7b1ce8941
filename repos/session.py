"""A session: one connection, one transaction, as few round trips as the write path allows.

Statements are SQLAlchemy Core, compiled once a dialect and sent through the driver's cursor. On MySQL and MariaDB
the writes of a unit of work are gathered and leave as one multi-statement round trip; every result of it is read,
and every row count compared, before COMMIT is sent.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from types import TracebackType
from typing import Any, cast

from sqlalchemy import Engine, Executable, Table

from domain.errors import Conflict, Corrupt
from repos import connections, phases
from repos.exchange import Exchange
from repos.failures import DriverError, TooLargeForDatabase
from repos.phases import reached
from repos.statements import Insert, Params, Row, Write, inserts, prepare

MAX_STATEMENT_BYTES = 4 << 20
"""Or half of the server's max_allowed_packet, whichever is less."""
ROOM_IN_A_PACKET = 64 << 10
"""What a statement may hold beside the one large value in it."""

Asked = tuple[Executable, Params]


class Session:
    """One transaction on one connection of an engine's pool.

    Raises:
        Conflict: another writer or a lost connection was in the way; the transaction is gone.
    """

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect
        self._many_at_once = engine.dialect.name in ("mysql", "mariadb")
        self._kept = connections.kept_of(engine)
        self._connected = connections.take(engine, self._kept)
        self._pooled = self._connected.pooled
        self._cursor = self._connected.cursor
        self._packet = self._connected.packet
        self._statement_bytes = min(MAX_STATEMENT_BYTES, self._packet // 2)
        self._mark = "%s" if self._many_at_once else "?"
        self._writes: list[Write | Insert] = []
        self._inserts: dict[Table, Insert] | None = None
        self._talking = Exchange()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif isinstance(error, Exception):
            self.rollback()
        else:
            # A signal's exception can come in the middle of an answer.
            self.abandon()

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
            with self._talking:
                self._cursor.execute(begin)
            return []
        return self._after(begin, statement, params)

    def recall(self) -> Any:
        """What an earlier transaction on this connection remembered, if nobody has written to the database since.

        Behind `start`, which keeps others from writing. None on a server, where nobody could know.
        """
        if self._many_at_once:
            return None
        with self._talking:
            return self._connected.recall()

    def remember(self, what: object) -> None:
        """Keep what this transaction left, now that it is committed, for the next on this connection."""
        self._connected.remember(what)

    def merge_inserts(self) -> None:
        """Send all rows for one table together, where the first of them stands: for several scripts at once.

        So nothing that is gathered may have to come between two inserts of one table, as a DELETE of what was there.
        """
        self._inserts = {}

    def rows_of(self, asked: Sequence[Asked]) -> list[list[Row]]:
        """What several statements read, each with its parameters: one round trip."""
        if not self._many_at_once or not asked:
            return [self.rows(statement, **params) for statement, params in asked]
        found: list[list[Row]] = []
        with self._talking:
            self._cursor.execute(self._texts(asked))
            for _ in asked:
                found.append(list(self._cursor.fetchall()))
                self._cursor.nextset()
        return found

    def rows_in_turn(self, asked: Sequence[Asked]) -> Generator[list[Row], None, None]:
        """The same, but one after the other: while the rows of one are looked at, the server is at the next.

        Nothing else may be asked before the last, or before this is closed, which reads what is left.
        """
        if not self._many_at_once or not asked:
            for statement, params in asked:
                yield self.rows(statement, **params)
            return
        left = len(asked)
        try:
            with self._talking:
                self._cursor.execute(self._texts(asked))
            while left:
                rows = list(self._cursor.fetchall())
                left -= 1
                self._talking.in_step = not left
                yield rows
                if left:
                    with self._talking:
                        self._cursor.nextset()
        finally:
            if left and self._talking.lost is None:
                with self._talking:
                    while self._cursor.nextset():
                        pass

    def rows(self, statement: Executable, **params: Any) -> list[Row]:
        """What a statement reads."""
        prepared = prepare(statement, self._dialect)
        with self._talking:
            self._cursor.execute(prepared.sql, prepared.values(params))
            return list(self._cursor.fetchall())

    def run(self, statement: Executable, **params: Any) -> int:
        """Run a write at once; the number of rows it found."""
        prepared = prepare(statement, self._dialect)
        with self._talking:
            self._cursor.execute(prepared.sql, prepared.values(params))
            return int(self._cursor.rowcount)

    def insert(self, statement: Executable, **params: Any) -> int:
        """Insert one row at once; the number the database gave it."""
        self.run(statement, **params)
        return int(self._cursor.lastrowid)

    def later(self, statement: Executable, *, rows: int | None = None, **params: Any) -> None:
        """Gather a write for the flush; `rows` is how many rows it must find."""
        prepared = prepare(statement, self._dialect)
        self._writes.append(Write(prepared.sql, prepared.values(params), rows))

    def later_insert(self, table: Table, columns: tuple[str, ...], rows: list[Row]) -> None:
        """Gather an insert of many rows for the flush, in statements of bounded size."""
        if not rows:
            return
        if self._inserts is None:
            self._writes += inserts(table, columns, rows, self._mark, self._statement_bytes)
        elif (known := self._inserts.get(table)) is not None:
            known.rows.extend(rows)
        else:
            self._inserts[table] = insert = Insert(table, columns, list(rows))
            self._writes.append(insert)

    def flush(self) -> None:
        """Send the gathered writes and read every answer to them."""
        gathered, self._writes = self._writes, []
        if self._inserts is None:
            writes = cast("list[Write]", gathered)
        else:
            self._inserts = {}
            writes = [write for each in gathered for write in self._writes_of(each)]
        if phases.listener is None:
            self._send(writes)
            return
        for write in writes:
            with phases.writing(write.sql):
                self._send([write])

    def commit(self, look: Executable | None = None, **params: Any) -> list[Row]:
        """Flush and commit; with `look`, read what others have committed by then, in the same round trip."""
        self.flush()
        reached("before commit sent")
        if look is not None and self._many_at_once:
            found = self._after("COMMIT", look, params)
        else:
            # Nobody else writes to SQLite meanwhile, and a drain waits there until it can.
            found = [] if look is None else self.rows(look, **params)
            with self._talking:
                self._cursor.execute("COMMIT")
        reached("after commit answered")
        return found

    def rollback(self) -> None:
        """Forget everything since the start, and give the connection back; a broken one is closed for good."""
        if not self._talking.in_step:
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
        if self._talking.in_step:
            connections.give_back(self._connected, self._kept)
        else:
            self.abandon()

    def abandon(self) -> None:
        """Close the connection for good: nobody knows what state it is in."""
        self._talking.lost = self._talking.lost or Conflict("the connection was given up")
        self._pooled.invalidate()

    def _after(self, word: str, statement: Executable, params: Params) -> list[Row]:
        prepared = prepare(statement, self._dialect)
        with self._talking:
            if self._many_at_once:
                self._cursor.execute(f"{word};{self._text(prepared.sql, prepared.values(params))}")
                self._cursor.nextset()
            else:
                self._cursor.execute(word)
                self._cursor.execute(prepared.sql, prepared.values(params))
            return list(self._cursor.fetchall())

    def _send(self, writes: list[Write]) -> None:
        with self._talking:
            if not self._many_at_once:
                cursor = self._cursor
                for write in writes:
                    cursor.execute(write.sql, write.values)
                    if write.rows is not None and cursor.rowcount != write.rows:
                        raise _missed(write, cursor.rowcount)
                return
            for batch in self._batches(writes):
                self._cursor.execute(";".join(text for text, _ in batch))
                for _, write in batch:
                    if write.rows is not None and self._cursor.rowcount != write.rows:
                        raise _missed(write, self._cursor.rowcount)
                    self._cursor.nextset()

    def _writes_of(self, gathered: Write | Insert) -> list[Write]:
        return [gathered] if isinstance(gathered, Write) else inserts(*gathered, self._mark, self._statement_bytes)

    def _batches(self, writes: list[Write]) -> Iterator[list[tuple[str, Write]]]:
        batch: list[tuple[str, Write]] = []
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

    def _texts(self, asked: Sequence[Asked]) -> str:
        prepared = [(prepare(statement, self._dialect), params) for statement, params in asked]
        return ";".join([self._text(each.sql, each.values(params)) for each, params in prepared])

    def _text(self, sql: str, values: tuple[Any, ...]) -> str:
        """A statement with its values in it, as the driver's `mogrify` gives it, in half its time."""
        escape = self._cursor.connection.escape
        return sql % tuple(
            [
                value if (kind := value.__class__) is int else f"X'{value.hex()}'" if kind is bytes else escape(value)
                for value in values
            ]
        )


def _missed(write: Write, found: int) -> Corrupt:
    return Corrupt(f"a write found {found} rows instead of {write.rows}: {write.sql[:80]}")
