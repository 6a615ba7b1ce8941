"""Packed pages: rows the server joins into one value, because a driver in Python is slow for every row and value.

A page arrives as its row count and one value, in which each column ends with a line end. If there are as many line
ends as columns, no column contains one. Any other page is read row by row: one larger than the server packs, one with
a line end or NULL in a column, and every page on SQLite, whose driver is fast.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column

from repos.database.session import Session
from repos.database.statements import Row

# With fewer rows, packing costs the server more than it saves the driver.
MIN_PACKED_ROWS = 64

_LINE_END: Any = literal_column("X'0A'")
_NOTHING: Any = literal_column("''")


def packed(page: Select[Any], number: ColumnElement[Any], *columns: ColumnElement[Any]) -> Select[Any]:
    """The query that reads a page packed: `number` first, then the columns, of which at least one holds bytes."""
    together = func.concat(*[part for column in (number, *columns) for part in (column, _LINE_END)])
    rows: ColumnElement[Any] = func.aggregate_strings(together, _NOTHING)
    return page.with_only_columns(*[func.count(), rows])


def is_worth_packing(session: Session, rows: int) -> bool:
    """Whether this many rows are read faster packed."""
    return rows >= MIN_PACKED_ROWS and not session.is_sqlite


def split(found: Row, width: int) -> list[tuple[bytes, ...]] | None:
    """The rows of a packed page, sorted by number, each with `width` columns as the server writes them.

    None if the page has to be read row by row.
    """
    count, together = found
    values = (together or b"").split(b"\n")
    if len(values) != count * width + 1:
        return None
    columns = iter(values)
    rows = list(zip(*[columns] * width, strict=False))  # drops the empty value after the last line end
    # Sorted here, not by ORDER BY: the server would sort whole rows, which usually come in order.
    numbers = list(map(int, values[:-1:width]))
    if numbers != sorted(numbers):
        rows.sort(key=lambda row: int(row[0]))
    return rows
