"""A statement that is sent in parts reaches the server as PyMySQL would send it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymysql.connections import MAX_PACKET_LEN, Connection
from pymysql.constants import COMMAND
from pymysql.err import InterfaceError

from repos.driver.streamed_query import send_in_parts

STATEMENT = b"SELECT X'00ff'"


class Recording(Connection):  # type: ignore[misc]  # PyMySQL has no types
    """A connection without a server, which keeps what is written to it."""

    def __init__(self) -> None:
        self._sock = object()
        self._result = None
        self._rfile = None
        self._next_seq_id = 0
        self.written = bytearray()

    def _write_bytes(self, data: bytes) -> None:
        self.written += data

    def __del__(self) -> None:
        """Nothing to close."""


def sent_by_pymysql(statement: bytes) -> Recording:
    connection = Recording()
    connection._execute_command(COMMAND.COM_QUERY, statement)
    return connection


def in_parts(statement: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(statement), size):
        yield statement[start : start + size]


@pytest.mark.parametrize("part", [1, 3, 5, 100])
def test_a_small_statement_is_one_packet(part: int):
    connection = Recording()
    send_in_parts(connection, len(STATEMENT), in_parts(STATEMENT, part))

    assert connection.written == sent_by_pymysql(STATEMENT).written


@pytest.mark.parametrize("more", [-2, -1, 0, 1, MAX_PACKET_LEN - 1, MAX_PACKET_LEN, 2 * MAX_PACKET_LEN])
def test_a_large_statement_is_as_many_packets_as_pymysql_sends(more: int):
    statement = bytes(MAX_PACKET_LEN + more)
    connection = Recording()
    send_in_parts(connection, len(statement), in_parts(statement, 1_000_003))

    expected = sent_by_pymysql(statement)
    assert connection.written == expected.written
    assert connection._next_seq_id == expected._next_seq_id


def test_a_closed_connection_is_refused_as_by_pymysql():
    connection = Recording()
    connection._sock = None
    with pytest.raises(InterfaceError):
        connection._execute_command(COMMAND.COM_QUERY, STATEMENT)
    with pytest.raises(InterfaceError):
        send_in_parts(connection, len(STATEMENT), [STATEMENT])
