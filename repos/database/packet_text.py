"""Packets: statements with their values in them, joined for one round trip to a MySQL server.

A large value is not in the text: it is written in hex part by part while its statement is sent.
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import pymysql
from sqlalchemy import Dialect, Executable

from repos.database.driver_errors import TooLargeForDatabase
from repos.database.error_codes import PACKET_TOO_LARGE
from repos.database.sql_literals import LEFT_OUT, with_literals
from repos.database.statements import Params, Row, Write, prepare

Query = tuple[Executable, Params]

# Room for the rest of a statement, in addition to its one large value.
ROOM_IN_A_PACKET = 64 << 10
# A larger value is not in the text of its statement.
MAX_VALUE_BYTES = 1 << 20
PART_BYTES = 64 << 10


class PacketRoom:
    """The room in one packet: `for_bytes` for a value sent in hex, `to_read` for a value the server sends unencoded."""

    __slots__ = ("for_bytes", "to_read")

    def __init__(self, packet_bytes: int) -> None:
        self.to_read = packet_bytes - ROOM_IN_A_PACKET
        self.for_bytes = self.to_read // 2

    def require(self, what: str, size: int) -> None:
        """Refuse a row that the database would not accept, before it breaks the transaction.

        Raises:
            TooLargeForDatabase: its bytes, sent in hex, exceed one packet.
        """
        if size > self.for_bytes:
            raise TooLargeForDatabase(what=what, size=size, limit=self.for_bytes)


class StreamedStatement:
    """A statement with large values; its length is in bytes."""

    __slots__ = ("_size", "_texts", "_values")

    def __init__(self, text: str, values: Row) -> None:
        """`text` is the statement without its values of more than MAX_VALUE_BYTES."""
        self._texts = [part.encode("ascii") for part in text.split(LEFT_OUT)]
        self._values = [value for value in values if value.__class__ is bytes and len(value) > MAX_VALUE_BYTES]
        self._size = sum(map(len, self._texts)) + 2 * sum(map(len, self._values))

    def __len__(self) -> int:
        return self._size

    def parts(self) -> Iterator[bytes]:
        """Its bytes in order."""
        for text, value in zip_longest(self._texts, self._values, fillvalue=b""):
            yield text
            for start in range(0, len(value), PART_BYTES):
                yield hexlify(value[start : start + PART_BYTES])


# What is sent at once, and the writes in it.
Packet = tuple[str | StreamedStatement, list[Write]]


class PacketText:
    """Builds the text of packets of about `max_bytes`; the server refuses packets of `packet_bytes` and more."""

    __slots__ = ("_dialect", "_packet_bytes", "max_bytes")

    def __init__(self, dialect: Dialect, max_bytes: int, packet_bytes: int) -> None:
        self._dialect = dialect
        self.max_bytes = max_bytes
        self._packet_bytes = packet_bytes

    def of(self, statement: Executable, params: Params) -> str:
        """One statement."""
        prepared = prepare(statement, self._dialect)
        return with_literals(prepared.sql, prepared.values(params))

    def of_all(self, queries: Sequence[Query]) -> str:
        """Several statements, as one packet."""
        return ";".join([self.of(statement, params) for statement, params in queries])

    def batches(self, writes: list[Write]) -> Iterator[Packet]:
        """Packets of bounded size, each with the writes it contains; a write with a large value is alone."""
        texts: list[str] = []
        batch: list[Write] = []
        size = 0
        for write in writes:
            text = write.sql if write.values is None else _as_sent(write.sql, write.values)
            length = len(text)
            if length >= self._packet_bytes:
                # The server would close the connection, which would look like a lost connection.
                limit = f"max_allowed_packet is {self._packet_bytes} bytes"
                raise pymysql.OperationalError(
                    PACKET_TOO_LARGE, f"a statement has {length} bytes, {limit}: {write.name}"
                )
            if batch and (size + length > self.max_bytes or not isinstance(text, str)):
                yield ";".join(texts), batch
                texts, batch, size = [], [], 0
            if not isinstance(text, str):
                yield text, [write]
                continue
            texts.append(text)
            batch.append(write)
            size += length
        if batch:
            yield ";".join(texts), batch


def _as_sent(sql: str, values: Row) -> str | StreamedStatement:
    """A statement with its values: its text, unless that would hold large ones."""
    text = with_literals(sql, values, max_bytes=MAX_VALUE_BYTES)
    # All other text is ASCII, which Python knows without looking.
    return text if text.isascii() else StreamedStatement(text, values)
