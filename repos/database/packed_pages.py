"""Packed pages: rows put together by the server, for a driver in Python takes long for a row, and for each value of it.

A page comes as the number of its rows and one value, in which each column ends with a line end. Where there are as many
line ends as columns, none of them stands in a column. Any other page is to be read row by row: one that holds more than
the server puts together, one with a line end or nothing in a column, and all of SQLite, whose driver is quick.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column

from repos.database.session import Session
from repos.database.statements import Row

MIN_PACKED_ROWS = 64
"""With fewer a page costs the server more than it spares the driver."""

_LINE_END: Any = literal_column("X'0A'")
_NOTHING: Any = literal_column("''")


def packed(page: Select[Any], number: ColumnElement[Any], *columns: ColumnElement[Any]) -> Select[Any]:
    """What reads a page packed, in the order of a number that comes first; of the columns at least one holds bytes."""
    together = func.concat(*[part for column in (number, *columns) for part in (column, _LINE_END)])
    rows: ColumnElement[Any] = func.aggregate_strings(together, _NOTHING)
    return page.with_only_columns(*[func.count(), rows])


def is_worth_packing(session: Session, rows: int) -> bool:
    """Whether so many rows are read faster packed."""
    return rows >= MIN_PACKED_ROWS and not session.is_sqlite


def split(found: Row, width: int) -> list[tuple[bytes, ...]] | None:
    """The rows of a packed page that was read, each of so many columns as the server writes them.

    None where it is to be read row by row.
    """
    count, together = found
    values = (together or b"").split(b"\n")
    if len(values) != count * width + 1:
        return None
    each = iter(values)
    rows = list(zip(*[each] * width, strict=False))  # what is left is the nothing behind the last line end
    # The server is not told to: it would sort whole rows, which as a rule come in order.
    numbers = list(map(int, values[:-1:width]))
    if numbers != sorted(numbers):
        rows.sort(key=lambda row: int(row[0]))
    return rows
