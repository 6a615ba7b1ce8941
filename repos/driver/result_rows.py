"""Rows of a server's result, taken from their packets in one loop.

PyMySQL calls three functions for each value, and ten for the packet of each row: three quarters of the time that a
small row takes.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from pymysql.connections import MySQLResult
from pymysql.constants import CR
from pymysql.err import OperationalError
from pymysql.protocol import MysqlPacket

# The first byte of a value is its length, or says that it is NULL, or how many bytes the length has.
_NULL: Final = 251
_LENGTH_BYTES: Final = {252: 2, 253: 3, 254: 8}
# A packet begins with its length and its number. From this first byte on it is no row, or a row that begins with a
# value of 16 MB.
_HEADER_BYTES: Final = 4
_NO_ROW: Final = 254
_NUMBERS: Final = 256
# A packet of this length is continued in the next one.
_MAX_PACKET_BYTES: Final = 0xFFFFFF


class InlineResult(MySQLResult):  # type: ignore[misc]  # PyMySQL has no types
    """A result whose rows are the same as PyMySQL's."""

    def next_rows(self, limit: int) -> list[tuple[Any, ...]]:
        """The next rows of an unbuffered result, in order; fewer than the limit only at the end."""
        rows = self.arrived_rows(limit)
        while len(rows) < limit and (more := self.arrived_rows(limit - len(rows))):
            rows += more
        return rows

    def arrived_rows(self, limit: int = sys.maxsize) -> list[tuple[Any, ...]]:
        """The next row of an unbuffered result, and those after it that have arrived; none at the end.

        Only rows that are completely in the buffer of the connection (8 KiB) are taken from there.
        """
        rows: list[tuple[Any, ...]] = []
        if not self.unbuffered_active:
            return rows
        connection = self.connection
        try:
            data: bytes = connection._rfile.peek()
        except OSError as error:
            connection._force_close()
            lost = f"Lost connection to MySQL server during query ({error})"
            raise OperationalError(CR.CR_SERVER_LOST, lost) from error
        number: int = connection._next_seq_id
        start, last = 0, len(data) - _HEADER_BYTES
        while start < last and len(rows) < limit:
            begin = start + _HEADER_BYTES
            end = begin + int.from_bytes(data[start : begin - 1], "little")
            if end > len(data) or data[begin - 1] != number or data[begin] >= _NO_ROW:
                break
            row, place = self._row_at(data, begin)
            if place != end:
                break
            rows.append(row)
            start, number = end, (number + 1) % _NUMBERS
        if rows:
            connection._rfile.read(start)
            connection._next_seq_id = number
            return rows
        large = self._large_row(data)
        return [] if large is None else [large]

    def _large_row(self, arrived: bytes) -> tuple[Any, ...] | None:
        """The next row, whose packet begins with the bytes that have arrived; None at the end."""
        connection = self.connection
        size = int.from_bytes(arrived[: _HEADER_BYTES - 1], "little")
        is_usual = (
            len(arrived) > _HEADER_BYTES
            and arrived[_HEADER_BYTES - 1] == connection._next_seq_id
            and arrived[_HEADER_BYTES] < _NO_ROW
            and size < _MAX_PACKET_BYTES
        )
        if not is_usual:
            # PyMySQL waits for the rest of a header, and decides what a packet is that is no usual row.
            row: tuple[Any, ...] | None = self._read_rowdata_packet_unbuffered()
            return row
        data = connection._read_bytes(_HEADER_BYTES + size)
        connection._next_seq_id = (connection._next_seq_id + 1) % _NUMBERS
        row, place = self._row_at(data, _HEADER_BYTES)
        return row if place == len(data) else self._read_row_from_packet(MysqlPacket(data[_HEADER_BYTES:], "utf8"))

    def _read_row_from_packet(self, packet: Any) -> tuple[Any, ...]:
        data: bytes = packet.get_all_data()
        row, place = self._row_at(data, 0)
        if place > len(data):
            # It has fewer values than columns, or is no row: PyMySQL decides.
            return tuple(super()._read_row_from_packet(packet))
        return row

    def _row_at(self, data: bytes, place: int) -> tuple[tuple[Any, ...], int]:
        """The row that begins at a place, and the place after it, which is beyond the data if it is no whole row."""
        row: list[Any] = []
        try:
            for encoding, converter in self.converters:
                size = data[place]
                place += 1
                if size >= _NULL:
                    if size == _NULL:
                        row.append(None)
                        continue
                    start, place = place, place + _LENGTH_BYTES[size]
                    size = int.from_bytes(data[start:place], "little")
                start, place = place, place + size
                value: Any = data[start:place]
                if encoding is not None:
                    value = value.decode(encoding)
                row.append(value if converter is None else converter(value))
        except LookupError:
            place = len(data) + 1
        return tuple(row), place
