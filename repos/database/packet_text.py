"""Packets: statements with their values in them, joined for one round trip to a MySQL server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pymysql
from sqlalchemy import Dialect, Executable

from repos.database.driver_errors import TooLargeForDatabase
from repos.database.error_codes import PACKET_TOO_LARGE
from repos.database.sql_literals import with_literals
from repos.database.statements import Params, Write, prepare

Query = tuple[Executable, Params]

# Room for the rest of a statement, in addition to its one large value.
ROOM_IN_A_PACKET = 64 << 10


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

    def batches(self, writes: list[Write]) -> Iterator[tuple[str, list[Write]]]:
        """Packets of bounded size, each with the writes it contains."""
        texts: list[str] = []
        batch: list[Write] = []
        size = 0
        for write in writes:
            text = write.sql if write.values is None else with_literals(write.sql, write.values)
            if len(text) >= self._packet_bytes:
                # The server would close the connection, which would look like a lost connection.
                limit = f"max_allowed_packet is {self._packet_bytes} bytes"
                raise pymysql.OperationalError(
                    PACKET_TOO_LARGE, f"a statement has {len(text)} bytes, {limit}: {write.name}"
                )
            if batch and size + len(text) > self.max_bytes:
                yield ";".join(texts), batch
                texts, batch, size = [], [], 0
            texts.append(text)
            batch.append(write)
            size += len(text)
        if batch:
            yield ";".join(texts), batch
