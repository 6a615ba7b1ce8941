"""Rows of a legacy table by their keys, in the order in which they are asked for, with bounded memory.

Contents come as the UTF-8 bytes of their text. A statement asks for as many keys as rows of the last size fit into
BATCH_BYTES, so that small rows share a round trip and a large one has its own. Small ones are requested ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from repos.legacy.catalog import Table
from repos.legacy.connection import Row, Source
from repos.legacy.rows import bound
from repos.legacy.scan_rows import selected

BATCH_BYTES = 2 << 20
MAX_BATCH_KEYS = 256
MAX_GROWTH = 4
# Rows that arrive before their turn; beyond it they are read again in smaller batches.
MAX_HELD_BYTES = 8 << 20


class KeyedReader:
    """Reads columns of rows by the values of key columns.

    `chosen` is called with a key and two rows that have it, where nothing in the source forbids that; it returns the
    one to take. Without it the key is one of which the source or the caller knows that no two rows have it.
    """

    def __init__(  # noqa: PLR0913 - the parts of one statement
        self,
        source: Source,
        table: Table,
        key: Sequence[str],
        columns: Sequence[str],
        *,
        contents: Collection[str] = (),
        chosen: Callable[[Row, Row, Row], Row] | None = None,
    ) -> None:
        self._source = source
        self._table = table
        self._key = tuple(map(source.quoted, key))
        self._width = len(key)
        names, places = selected(source, table, columns, contents)
        self._as_bytes = tuple(self._width + place for place in places)
        self._select = f"SELECT {', '.join((*self._key, *names))} FROM {source.quoted(table.name)}"  # noqa: S608 - quoted
        self._batch_keys = 1
        self._chosen = chosen

    def read(self, keys: Sequence[Row]) -> Iterator[Row | None]:
        """The columns of each row in turn; None if there is no row with the key. No key may be there twice."""
        place = 0
        ahead: _Stream | None = None
        try:
            while place < len(keys):
                batch = keys[place : place + self._batch_keys]
                rows, ahead = ahead or self._rows(batch), None
                held, complete, largest = self._held(batch, rows)
                fitting = BATCH_BYTES // max(largest, 1)
                self._batch_keys = max(1, min(fitting, self._batch_keys * MAX_GROWTH, MAX_BATCH_KEYS))
                following = place + len(batch)
                if complete and self._batch_keys > 1 and following < len(keys) and self._source.may_read_ahead():
                    # The server reads the next rows while these are used.
                    ahead = self._rows(keys[following : following + self._batch_keys])
                for key in batch:
                    if key not in held and not complete:
                        break
                    yield held.pop(key, None)
                    place += 1
        finally:
            if ahead is not None:
                ahead.close()

    def _rows(self, keys: Sequence[Row]) -> _Stream:
        """The rows with these keys; the server has begun to read them."""
        condition, params = self._condition(keys)
        order = f" ORDER BY {', '.join(self._key)}" if len(keys) > 1 else ""
        sql = f"{self._select} WHERE {condition}{order}"
        return _Stream(
            self._source.stream(sql, params, table=self._table.name, batch_rows=None, as_bytes=self._as_bytes)
        )

    def _held(self, keys: Sequence[Row], rows: _Stream) -> tuple[dict[Row, Row], bool, int]:
        """Rows by key, whether all of them, and the size of the largest.

        The rest is left out where they are too large together.
        """
        held: dict[Row, Row] = {}
        size = largest = 0
        with closing(rows):
            for row in rows:
                key, found = row[: self._width], row[self._width :]
                row_size = _size(row)
                largest = max(largest, row_size)
                if self._chosen is not None and key in held:
                    held[key] = self._chosen(key, held[key], found)
                    continue
                # All rows of one key are read, so reading stops at another key where there may be several.
                is_full = size + (0 if self._chosen else row_size) > MAX_HELD_BYTES and len(keys) > 1
                if is_full and self._chosen is not None and keys[0] in held:
                    return held, False, largest
                held[key] = found
                size += row_size
                if is_full and self._chosen is None and keys[0] in held:
                    return held, False, largest
        return held, True, largest

    def _condition(self, keys: Sequence[Row]) -> tuple[str, list[Any]]:
        if self._width == 1 and (None,) not in keys:
            marks, params = zip(*(bound(self._source, key[0]) for key in keys), strict=True)
            return f"{self._key[0]} IN ({', '.join(marks)})", list(params)
        conditions: list[str] = []
        params_of_all: list[Any] = []
        for key in keys:
            equal = []
            for name, value in zip(self._key, key, strict=True):
                # A column that the mapping names in a key may be NULL, which equals nothing.
                mark, param = ("", None) if value is None else bound(self._source, value)
                equal.append(f"{name} = {mark}" if mark else f"{name} IS NULL")
                params_of_all += [param] if mark else []
            conditions.append(f"({' AND '.join(equal)})")
        return " OR ".join(conditions), params_of_all


class _Stream:
    """A statement that is sent when this is made: its rows, one at a time."""

    def __init__(self, rows: Generator[list[Row], None, None]) -> None:
        self._rows = rows
        self._first = next(rows, [])

    def __iter__(self) -> Iterator[Row]:
        first, self._first = self._first, []
        yield from first
        del first
        for rows in self._rows:
            yield from rows

    def close(self) -> None:
        """Read no more rows."""
        self._rows.close()


def _size(row: Row) -> int:
    size = 0
    for value in row:
        if isinstance(value, str | bytes):
            size += len(value)
    return size
