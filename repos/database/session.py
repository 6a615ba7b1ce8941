"""Sessions: one connection, one transaction, as few round trips as the write path allows.

Statements are SQLAlchemy Core, compiled once per dialect and sent through the driver's cursor. On MySQL and MariaDB
the writes of a unit of work are gathered and sent in one multi-statement round trip; every result is read, and every
row count compared, before COMMIT is sent. Each answer must come from within the transaction: see
`repos.database.server_status`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from sqlalchemy import Engine, Executable, Table

from domain.errors import Conflict
from repos import fault_points
from repos.database import connections
from repos.database.driver_errors import DriverError
from repos.database.packet_text import Query
from repos.database.round_trip import Exchange, execute, read_answers, require_rows, send
from repos.database.server_status import BETWEEN, IN_TRANSACTION, MORE, OUTSIDE, require
from repos.database.statements import Insert, MakeError, Row, Write, inserts, inserts_as_text, prepare
from repos.fault_points import fault_point


class Session:
    """One transaction on one connection of an engine's pool; `wrote` is whether it writes anything.

    Raises:
        Conflict: another writer or a lost connection ended the transaction.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept = connections.kept_of(engine)
        self._connected = connected = connections.take(engine, self._kept)
        self._pooled = connected.pooled
        self._cursor = connected.cursor
        self._connection = connected.cursor.connection
        self.room = connected.room
        self._text = connected.text
        self._dialect = connected.dialect
        # Whether the database is SQLite, whose dialect differs in a few statements.
        self.is_sqlite = is_sqlite = connected.is_sqlite
        self._many_at_once = not is_sqlite
        self._mark = "?" if is_sqlite else "%s"
        self._writes: list[Any] = []  # of Write, and of Insert while inserts are merged
        self._inserts: dict[Table, Insert] | None = None
        self._talking = Exchange()
        self._status, self._begun, self.wrote = OUTSIDE, False, False

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
            # An exception from a signal can arrive in the middle of an answer.
            self.abandon()

    def require_room(self, what: str, size: int) -> None:
        """Refuse a row too large for the database (`TooLargeForDatabase`), before it breaks the transaction."""
        self.room.require(what, size)

    def start(self, statement: Executable | None = None, **params: Any) -> list[Row]:
        """Begin, and read with the first statement, in one round trip."""
        self._begun = True
        with self._talking:
            if not self._many_at_once:
                self._cursor.execute("BEGIN IMMEDIATE")
                if statement is None:
                    return []
                self._execute(statement, params)
                return list(self._cursor.fetchall())
            # With autocommit on, the statements after an abort in the middle of a packet would be committed. With it
            # off, the first statement begins a transaction by itself.
            first = "START TRANSACTION" if statement is None else self._text.of(statement, params)
            self._cursor.execute(f"SET autocommit=0;{first}")
            require(self._connection, BETWEEN | MORE)
            self._status = IN_TRANSACTION
            self._cursor.nextset()
            require(self._connection, IN_TRANSACTION)
            return list(self._cursor.fetchall())

    def start_and_recall(self) -> Any:
        """Begin on SQLite, and return the value that an earlier transaction on this connection remembered.

        None if the database was written since. On a server there is none, because later writes are unknown.
        """
        self._begun = True
        with self._talking:
            self._cursor.execute("BEGIN IMMEDIATE")
            return self._connected.recall()

    def remember(self, what: object) -> None:
        """Cache a value from this committed transaction for the next one on this connection."""
        self._connected.remember(what)

    def merge_inserts(self) -> None:
        """Send all rows for one table together, at the place of the first: for several scripts at once.

        So no gathered write, such as a DELETE of old rows, may depend on coming between two inserts into one table.
        """
        self._inserts = {}

    def rows_of(self, queries: Sequence[Query]) -> list[list[Row]]:
        """The results of several statements, each with its parameters, in one round trip."""
        return list(self.rows_in_turn(queries))

    def rows_in_turn(self, queries: Sequence[Query]) -> Generator[list[Row], None, None]:
        """The same, one result after the other: the server runs the next statement while the caller uses the rows.

        No other query may run until the last result is read or the generator is closed, which reads the rest.
        """
        if not self._many_at_once or not queries:
            for statement, params in queries:
                yield self.rows(statement, **params)
            return
        left = len(queries)
        try:
            with self._talking:
                self._cursor.execute(self._text.of_all(queries))
                require(self._connection, self._status | (MORE if left > 1 else 0))
            while left:
                rows = list(self._cursor.fetchall())
                left -= 1
                self._talking.in_step = not left
                yield rows
                if left:
                    with self._talking:
                        self._cursor.nextset()
                        require(self._connection, self._status | (MORE if left > 1 else 0))
        finally:
            if left and self._talking.lost is None:
                with self._talking:
                    while self._cursor.nextset():
                        pass

    def rows(self, statement: Executable, **params: Any) -> list[Row]:
        """The rows a statement returns."""
        with self._talking:
            self._execute(statement, params)
            return list(self._cursor.fetchall())

    def run(self, statement: Executable, **params: Any) -> int:
        """Run a write at once; returns the number of rows it matched."""
        self.wrote = True
        with self._talking:
            self._execute(statement, params)
            return int(self._cursor.rowcount)

    def insert(self, statement: Executable, **params: Any) -> int:
        """Insert one row at once; returns the id the database assigned."""
        self.run(statement, **params)
        return int(self._cursor.lastrowid)

    def later(
        self, statement: Executable, *, rows: int | None = None, unmatched: MakeError | None = None, **params: Any
    ) -> None:
        """Gather a write for the flush; `rows` is how many rows it must match, `unmatched` makes the error if not."""
        self.wrote = True
        prepared = prepare(statement, self._dialect)
        self._writes.append(Write(prepared.sql, prepared.values(params), rows, unmatched))

    def later_insert(self, table: Table, columns: tuple[str, ...], rows: list[Row]) -> None:
        """Gather an insert of many rows for the flush, in statements of bounded size."""
        if not rows:
            return
        self.wrote = True
        if self._inserts is None:
            self._writes += self._insert_writes(Insert(table, columns, rows))
        elif (known := self._inserts.get(table)) is not None:
            known.rows.extend(rows)
        else:
            self._inserts[table] = insert = Insert(table, columns, list(rows))
            self._writes.append(insert)

    def flush(self) -> None:
        """Send the gathered writes, in one transaction, and read every answer."""
        writes = self._gathered()
        if fault_points.listener is None:
            self._send(writes)
            return
        for write in writes:
            with fault_points.writing(write.sql):
                self._send([write])

    def flush_ahead(self) -> None:
        """Send the gathered writes to a server, and read its answers before the next statement; not on SQLite."""
        if not self._many_at_once or not self._writes:
            return
        if fault_points.listener is not None:
            self.flush()
            return
        with self._talking:
            unread = send(self._connection, self._text.batches(self._gathered()))
            self._talking.leave(partial(read_answers, self._connection, unread))

    def commit(self, look: Executable | None = None, **params: Any) -> list[Row]:
        """Flush and commit; with `look`, run that query after the commit, in the same round trip."""
        self.flush()
        fault_point("before commit sent")
        if self._many_at_once:
            found = self._commit(look, params)
        else:
            # SQLite has no other writer during a transaction, so the query may run before COMMIT.
            found = [] if look is None else self.rows(look, **params)
            with self._talking:
                self._cursor.execute("COMMIT")
        fault_point("after commit answered")
        return found

    def rollback(self) -> None:
        """Roll back and return the connection to the pool; a broken connection is closed."""
        if not self._talking.in_step:
            # An exception from outside (a time limit, a signal) came between a request and its answer.
            self.abandon()
            return
        try:
            if self._many_at_once:
                self._connection.query("ROLLBACK;SET autocommit=1")
                self._connection.next_result()
            else:
                self._pooled.rollback()
        except DriverError:
            self.abandon()
        else:
            self.close()

    def close(self) -> None:
        """Return the connection to the pool after the end of its transaction."""
        ended = not self._many_at_once or self._connection.server_status & (IN_TRANSACTION | OUTSIDE) == OUTSIDE
        if self._talking.in_step and ended:
            connections.give_back(self._connected, self._kept)
        else:
            self.abandon()

    def abandon(self) -> None:
        """Close the connection for good, because its state is unknown."""
        self._talking.lost = self._talking.lost or Conflict("the connection was closed because its state is unknown")
        self._pooled.invalidate()

    def _execute(self, statement: Executable, params: dict[str, Any]) -> None:
        if self._many_at_once:
            self._cursor.execute(self._text.of(statement, params))
            require(self._connection, self._status)
            return
        prepared = prepare(statement, self._dialect)
        self._cursor.execute(prepared.sql, prepared.values(params))

    def _commit(self, look: Executable | None, params: dict[str, Any]) -> list[Row]:
        # Committed only once the last answer is read: Galera answers OK to a COMMIT it did not do, and 1213 at the end.
        text = "COMMIT;SET autocommit=1"
        with self._talking:
            self._cursor.execute(text if look is None else f"{text};{self._text.of(look, params)}")
            require(self._connection, BETWEEN | MORE)
            self._cursor.nextset()
            self._status = OUTSIDE
            require(self._connection, OUTSIDE | (0 if look is None else MORE))
            if look is not None:
                self._cursor.nextset()
                require(self._connection, OUTSIDE)
            return list(self._cursor.fetchall())

    def _send(self, writes: list[Write]) -> None:
        with self._talking:
            if not self._many_at_once:
                for write in writes:
                    self._cursor.execute(write.sql, write.values)
                    require_rows(write, self._cursor.rowcount)
                return
            for packet, batch in self._text.batches(writes):
                read_answers(self._connection, batch, execute(self._cursor, packet))

    def _gathered(self) -> list[Write]:
        assert self._begun or not self._writes, "writes are gathered within a transaction"  # noqa: S101 - or torn
        gathered, self._writes = self._writes, []
        if self._inserts is None:
            return gathered
        self._inserts = {}
        return [write for each in gathered for write in self._writes_of(each)]

    def _writes_of(self, gathered: Write | Insert) -> list[Write]:
        return [gathered] if isinstance(gathered, Write) else self._insert_writes(gathered)

    def _insert_writes(self, gathered: Insert) -> list[Write]:
        if self._many_at_once:
            return inserts_as_text(*gathered, self._text.max_bytes)
        return inserts(*gathered, self._mark, self._text.max_bytes)
