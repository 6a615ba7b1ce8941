"""Packets: statements with their values in them, joined for one round trip to a MySQL server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pymysql
from sqlalchemy import Dialect, Executable

from repos.database.driver_errors import TooLargeForDatabase
from repos.database.error_codes import PACKET_TOO_LARGE
from repos.database.sql_literals import with_literals
from repos.database.statements import Params, Write, prepare

Asked = tuple[Executable, Params]

ROOM_IN_A_PACKET = 64 << 10
"""What a statement may hold beside the one large value in it."""


class PacketRoom:
    """What one packet has room for. `for_bytes`: a value, sent in hex; `to_read`: one that the server sends plain."""

    __slots__ = ("for_bytes", "to_read")

    def __init__(self, packet_bytes: int) -> None:
        self.to_read = packet_bytes - ROOM_IN_A_PACKET
        self.for_bytes = self.to_read // 2

    def require(self, what: str, size: int) -> None:
        """Refuse a row that the database would not take, before it breaks the transaction.

        Raises:
            TooLargeForDatabase: its bytes, in hex as they are sent, are more than one packet holds.
        """
        if size > self.for_bytes:
            raise TooLargeForDatabase(what=what, size=size, limit=self.for_bytes)


class PacketText:
    """Makes the text of packets of about `max_bytes`; the server takes none of `packet_bytes`."""

    __slots__ = ("_dialect", "_max_bytes", "_packet_bytes")

    def __init__(self, dialect: Dialect, max_bytes: int, packet_bytes: int) -> None:
        self._dialect = dialect
        self._max_bytes = max_bytes
        self._packet_bytes = packet_bytes

    def of(self, statement: Executable, params: Params) -> str:
        """One statement."""
        prepared = prepare(statement, self._dialect)
        return with_literals(prepared.sql, prepared.values(params))

    def of_all(self, asked: Sequence[Asked]) -> str:
        """Several statements, as one packet."""
        return ";".join([self.of(statement, params) for statement, params in asked])

    def batches(self, writes: list[Write]) -> Iterator[tuple[str, list[Write]]]:
        """Writes as packets of bounded size, each with the writes in it."""
        texts: list[str] = []
        batch: list[Write] = []
        size = 0
        for write in writes:
            text = with_literals(write.sql, write.values)
            if len(text) >= self._packet_bytes:
                # The server would close the connection, which looks like one that was lost.
                raise pymysql.OperationalError(PACKET_TOO_LARGE, f"a statement has {len(text)} bytes: {write.sql[:80]}")
            if batch and size + len(text) > self._max_bytes:
                yield ";".join(texts), batch
                texts, batch, size = [], [], 0
            texts.append(text)
            batch.append(write)
            size += len(text)
        if batch:
            yield ";".join(texts), batch
