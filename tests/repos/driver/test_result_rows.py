"""Rows that are taken from their packets in one loop are the rows that PyMySQL reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from pymysql.connections import MySQLResult
from pymysql.protocol import MysqlPacket

from repos.driver.result_rows import InlineResult

Converters = Sequence[tuple[str | None, Callable[[Any], Any] | None]]
KINDS: Converters = (("utf8", None), ("ascii", int), (None, None), ("ascii", float))


def packet_of(values: Sequence[bytes | None]) -> bytes:
    parts = []
    for value in values:
        size = 0 if value is None else len(value)
        if value is None:
            parts.append(b"\xfb")
        elif size < 251:
            parts.append(bytes([size]) + value)
        elif size < 1 << 16:
            parts.append(b"\xfc" + size.to_bytes(2, "little") + value)
        elif size < 1 << 24:
            parts.append(b"\xfd" + size.to_bytes(3, "little") + value)
        else:
            parts.append(b"\xfe" + size.to_bytes(8, "little") + value)
    return b"".join(parts)


def read(result: type[MySQLResult], converters: Converters, data: bytes) -> Any:
    """The row in a packet, or the error that reading it raises."""
    made = result(SimpleNamespace())
    made.converters = list(converters)
    try:
        return made._read_row_from_packet(MysqlPacket(data, "utf8"))
    except Exception as error:
        return type(error), str(error)


def both(converters: Converters, data: bytes) -> Any:
    """The row, which has to be that of PyMySQL."""
    row = read(InlineResult, converters, data)
    assert row == read(MySQLResult, converters, data)
    return row


@pytest.mark.parametrize("size", [0, 1, 250, 251, 252, 255, 256, 65_535, 65_536, (1 << 24) - 1, 1 << 24])
def test_a_value_of_any_length_is_read(size: int):
    values = (b"x" * size, None, b"7")

    assert both([("utf8", None), ("utf8", None), ("ascii", int)], packet_of(values)) == ("x" * size, None, 7)


def test_rows_of_any_kinds_are_read():
    random = Random(18)
    for _ in range(500):
        chosen = random.choices(KINDS, k=random.randint(1, 8))
        values = [
            random.choice([None, str(random.randint(0, 10**12)).encode()])
            if converter is not None
            else random.choice([None, b"", "Zoë".encode(), b"a" * random.randint(0, 400)])
            for _, converter in chosen
        ]

        row = both(chosen, packet_of(values))

        assert [value is None for value in row] == [value is None for value in values]


@pytest.mark.parametrize(
    ("converters", "data"),
    [
        ([("utf8", None)], b""),  # fewer values than columns
        ([("utf8", None), ("utf8", None)], packet_of([b"one"])),
        ([("utf8", None)], b"\x05abc"),  # shorter than it says
        ([("utf8", None)], b"\xfc\x05"),
        ([("utf8", None)], b"\xff"),  # an error
        ([("utf8", None)], packet_of([b"\xff"])),  # no UTF-8
        ([("ascii", int)], packet_of([b"x"])),  # no number
        ([("unknown", None)], packet_of([b"x"])),
    ],
)
def test_what_is_no_row_ends_as_with_the_driver(converters: Converters, data: bytes):
    both(converters, data)
