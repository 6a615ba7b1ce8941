"""Rows that are taken from their packets in one loop are the rows that PyMySQL reads."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from pymysql.connections import Connection, MySQLResult
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


ROW: Converters = (("utf8", None), ("ascii", int))
END = b"\xfe\x00\x00\x02\x00"
FAILED = b"\xff\x25\x05#70100Query execution was interrupted"
LARGEST = (1 << 24) - 1


class Received(io.RawIOBase):
    """What comes from a socket: at most so many bytes at a time."""

    def __init__(self, data: bytes, at_once: int) -> None:
        self._data, self._at_once = io.BytesIO(data), at_once

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._data.read(min(len(buffer), self._at_once))
        buffer[: len(data)] = data
        return len(data)


class LostSocket(io.RawIOBase):
    """A connection on which nothing comes any more."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ARG002 - it fails
        raise TimeoutError("timed out")


def packets(payloads: Iterable[bytes], first: int = 0) -> bytes:
    """Payloads as packets, numbered from the first on; those of 16 MB are divided."""
    found, number = [], first
    for payload in payloads:
        while True:
            part, payload = payload[:LARGEST], payload[LARGEST:]  # noqa: PLW2901
            found.append(len(part).to_bytes(3, "little") + bytes([number % 256]) + part)
            number += 1
            if len(part) < LARGEST:
                break
    return b"".join(found)


def result_of(raw: io.RawIOBase, converters: Converters = ROW, number: int = 0) -> InlineResult:
    """A result whose rows have not been read."""
    connection = Connection(defer_connect=True)
    connection._rfile, connection._next_seq_id = io.BufferedReader(raw), number
    connection._current_timeout = connection._read_timeout
    made = InlineResult(connection)
    made.converters, made.unbuffered_active = list(converters), True
    connection._result = made
    return made


def by_pymysql(raw: io.RawIOBase, number: int = 0, converters: Converters = ROW) -> Any:
    """All rows, one by one, or the error."""
    result = result_of(raw, converters, number)
    try:
        return list(iter(result._read_rowdata_packet_unbuffered, None))
    except Exception as error:
        result.unbuffered_active = False  # or it would be read to its end when it is collected
        return type(error), error.args


def in_batches(raw: io.RawIOBase, limit: int | None = None, number: int = 0, converters: Converters = ROW) -> Any:
    """The same, as they arrive or in batches."""
    result = result_of(raw, converters, number)
    rows: list[Any] = []
    try:
        while batch := result.arrived_rows() if limit is None else result.next_rows(limit):
            rows += batch
            assert limit is None or len(batch) == limit or not result.unbuffered_active
    except Exception as error:
        result.unbuffered_active = False
        return type(error), error.args
    assert result.arrived_rows() == []
    return rows


@pytest.mark.parametrize("limit", [None, 1, 7, 1_000])
@pytest.mark.parametrize("at_once", [40, 5_000, 1 << 20])
def test_rows_are_the_same_however_they_arrive(limit: int | None, at_once: int):
    random = Random(limit)
    sizes = [random.choice((0, 5, 40, 300, 9_000)) for _ in range(300)]
    rows = [("x" * size, size) for size in sizes]
    data = packets([*(packet_of([text.encode(), str(size).encode()]) for text, size in rows), END], first=250)

    found = in_batches(Received(data, at_once), limit, number=250)

    assert found == rows == by_pymysql(Received(data, at_once), number=250)


@pytest.mark.parametrize("limit", [None, 1])
@pytest.mark.parametrize("at_once", [40, 5_000, 1 << 20])
@pytest.mark.parametrize(
    "converters", [(("ascii", int), ("utf8", None)), (("ascii", int), (None, None)), (("utf8", None),)]
)
def test_a_large_value_at_the_end_of_a_row_is_the_same(limit: int | None, at_once: int, converters: Converters):
    sizes = (0, 250, 251, 252, 8_186, 8_188, 8_190, 65_535, 65_536)
    values = [[*[str(size).encode()] * (len(converters) - 1), "ü".encode() * (size // 2)] for size in sizes]
    data = packets([*map(packet_of, values), END], first=250)

    found = in_batches(Received(data, at_once), limit, number=250, converters=converters)

    assert found == by_pymysql(Received(data, at_once), number=250, converters=converters)
    assert len(found) == len(sizes)


def test_a_row_that_takes_several_packets_is_read():
    large = packet_of([b"x" * LARGEST, b"1"])
    data = packets([packet_of([b"a", b"0"]), large, packet_of([b"b", b"2"]), END])

    assert [(len(text), number) for text, number in in_batches(Received(data, 1 << 20))] == [
        (1, 0),
        (LARGEST, 1),
        (1, 2),
    ]


@pytest.mark.parametrize(
    "data",
    [
        packets([packet_of([b"a", b"1"]), FAILED]),
        packets([packet_of([b"a", b"1"])]) + packets([packet_of([b"b", b"2"]), END], first=7),  # a packet is missing
        packets([packet_of([b"a", b"1"])]) + packets([FAILED]),  # what a server that is shutting down sends
        packets([packet_of([b"a", b"1"]), packet_of([b"b", b"2"])]),  # the connection ends
        packets([packet_of([b"a", b"1"]), packet_of([b"b", b"2"])])[:-3],
        packets([packet_of([b"a" * 9_000, b"1"]), packet_of([b"b" * 9_000])]),  # a value is missing
        packets([packet_of([b"a", b"1" * 9_000]), END]),  # a number of too many digits
        packets([packet_of([b"a", b"1"]), packet_of([b"a", b"2" * 9_000])])[:-3],
        packets([packet_of([b"a", b"1"]), packet_of([b"a", b"2" * 9_000]) + b"more", END]),
        packets([packet_of([b"a" * 9_000, b"1"]), packet_of([b"b" * 9_000, b"x"]), END]),  # no number
        packets([packet_of([b"a" * 9_000, b"1"]), packet_of([b"b" * 9_000, b"2"])])[:-3],
        packets([packet_of([b"a" * 9_000, b"1"])]) + packets([packet_of([b"b" * 9_000, b"2"]), END], first=7),
    ],
)
def test_an_error_in_the_middle_is_that_of_pymysql(data: bytes):
    found = in_batches(Received(data, 1 << 20))

    assert isinstance(found, tuple)
    assert found == by_pymysql(Received(data, 1 << 20))


def test_a_lost_connection_is_named_as_pymysql_names_it():
    assert in_batches(LostSocket()) == by_pymysql(LostSocket())


def test_only_rows_that_have_arrived_are_taken():
    data = packets([*(packet_of([b"x" * 90, b"1"]) for _ in range(400)), END])
    result = result_of(Received(data, 1 << 20))

    assert 1 < len(result.arrived_rows()) < io.DEFAULT_BUFFER_SIZE / 90
    result.unbuffered_active = False
