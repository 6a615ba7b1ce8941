"""An exchange with the server: a request and its complete answer, or a conflict that ends the transaction.

The answer to a packet of writes may be left until the next exchange: the server works in the meantime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

from domain.errors import Conflict, Corrupt
from repos.database.driver_errors import DriverError, DuplicateKey, conflict_of
from repos.database.packet_text import Packet, StreamedStatement
from repos.database.server_status import IN_TRANSACTION, MORE, StatusConnection, TransactionLost, require
from repos.database.statements import Write
from repos.driver.streamed_query import send_in_parts


class Exchange:
    """A request to the server and its complete answer.

    A conflict ends the transaction, whatever the server kept of it (1205 rolls back the statement only): every later
    exchange raises the same conflict, so that nothing is written outside the transaction.
    """

    # Without a constructor: one is made for every command.
    lost: Conflict | None = None
    in_step = True
    _read: Callable[[], object] | None = None

    def __enter__(self) -> None:
        if self.lost is not None:
            raise self.lost
        if self._read is not None:
            read, self._read = self._read, None
            try:
                with self:
                    read()
            except Exception as error:
                # The caller of this exchange did not send these writes, and may expect such an error of its own
                # statement: even if it catches this one, nothing is committed.
                self.lost = error if isinstance(error, Conflict) else Conflict("an earlier write failed")
                raise
        self.in_step = False

    def leave(self, read: Callable[[], object]) -> None:
        """Within an exchange: leave the answer to what was sent until the next one, which reads it first."""
        self._read = read

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.in_step = self._read is None
        elif isinstance(error, DriverError):
            self.in_step = True
            conflict = conflict_of(error)
            if conflict is None:
                return
            if not isinstance(conflict, DuplicateKey):
                self.lost = conflict
            raise conflict from error
        elif isinstance(error, TransactionLost):
            # `in_step` stays False: the rest of the answer is not read, the connection is discarded.
            self.lost = error


def execute(cursor: Any, packet: str | StreamedStatement) -> int | None:
    """Send a packet; returns the rows of its first answer, None if that is still to be read."""
    if isinstance(packet, str):
        return int(cursor.execute(packet))
    send_in_parts(cursor.connection, len(packet), packet.parts())
    return None


def send(connection: StatusConnection, packets: Iterable[Packet]) -> list[Write]:
    """Send packets of writes; returns the writes of the last one, whose answers are still to be read."""
    unread: list[Write] = []
    for packet, writes in packets:
        read_answers(connection, unread)
        if isinstance(packet, str):
            connection.send(packet)
        else:
            send_in_parts(connection, len(packet), packet.parts())
        unread = writes
    return unread


def read_answers(connection: StatusConnection, writes: Sequence[Write], first: int | None = None) -> None:
    """Read the answers to a packet of writes; `first` is the number of rows of the first answer if that is read.

    Raises:
        Corrupt: a write did not match the number of rows that it must, and it has no error of its own for that.
    """
    left = len(writes)
    for write in writes:
        left -= 1
        found = int(connection.next_result()) if first is None else first
        first = None
        require(connection, IN_TRANSACTION | MORE if left else IN_TRANSACTION)
        require_rows(write, found)


def require_rows(write: Write, found: int) -> None:
    """Compare the number of rows that a write matched with the number that it must match."""
    if write.rows is not None and found != write.rows:
        if write.unmatched is not None:
            raise write.unmatched()
        raise Corrupt(f"a write matched {found} rows instead of {write.rows}: {write.name}")
