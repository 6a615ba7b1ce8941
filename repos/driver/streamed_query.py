"""Statements that are sent in parts, made while they are sent.

PyMySQL copies a statement twice on its way, as bytes and as packets: of a statement with 16 MiB in hex that is 64 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from pymysql.connections import MAX_PACKET_LEN
from pymysql.constants import COMMAND
from pymysql.err import InterfaceError

_COMMAND = bytes([COMMAND.COM_QUERY])


def send_in_parts(connection: Any, size: int, parts: Iterable[bytes]) -> None:
    """Send a statement of `size` bytes, given in parts; its answer is still to be read, all before it were."""
    if not connection._sock:
        raise InterfaceError(0, "")  # as PyMySQL says of a closed connection
    # Packets of at most MAX_PACKET_LEN; the last one is shorter, and empty if nothing is left for it.
    left = 1 + size
    number = room = 0
    header = b""
    is_last = False
    for part in chain((_COMMAND,), parts):
        rest = memoryview(part)
        while rest:
            if not room:
                header, room = _header(left, number), min(left, MAX_PACKET_LEN)
                left, number, is_last = left - room, number + 1, left < MAX_PACKET_LEN
            connection._write_bytes(b"".join((header, rest[:room])) if header else rest[:room])
            sent = min(room, len(rest))
            header, rest, room = b"", rest[sent:], room - sent
    if not is_last:
        connection._write_bytes(_header(0, number))
        number += 1
    connection._next_seq_id = number % 256


def _header(left: int, number: int) -> bytes:
    size: int = min(left, MAX_PACKET_LEN)
    return size.to_bytes(3, "little") + bytes([number % 256])
