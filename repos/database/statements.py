"""Statements: SQLAlchemy Core compiled once per dialect, and inserts of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Dialect, Executable, Table
from sqlalchemy.sql.compiler import SQLCompiler

Params = dict[str, Any]
Row = tuple[Any, ...]

# SQLite accepts 32,766 parameters in a statement, and every table here has fewer than 32 columns.
MAX_ROWS_PER_INSERT = 1_000


class Prepared(NamedTuple):
    """The text of a statement for a driver, and a function from parameters to values in the order of the text."""

    sql: str
    values: Callable[[Params], Row]


class Write(Struct, frozen=True, gc=False):
    """A write as it is sent; `rows` is how many rows it must match."""

    sql: str
    values: Row
    rows: int | None


class Insert(NamedTuple):
    """Rows for a table."""

    table: Table
    columns: tuple[str, ...]
    rows: list[Row]


@lru_cache(maxsize=1_024)
def prepare(statement: Executable, dialect: Dialect) -> Prepared:
    """A statement compiled for a dialect, on first use."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement here is a clause
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for the type checker
    names = tuple(compiled.positiontup or ())
    # A literal carries its own value; callers do not pass one.
    literals = {name: compiled.params[name] for name in names if not compiled.binds[name].required}
    if len(names) < 2:
        return Prepared(str(compiled), lambda params: tuple([(literals | params)[name] for name in names]))
    pick = itemgetter(*names)
    return Prepared(str(compiled), (lambda params: pick(literals | params)) if literals else pick)


def inserts(table: Table, columns: tuple[str, ...], rows: list[Row], mark: str, most_bytes: int) -> list[Write]:
    """INSERT statements of bounded size for rows; `mark` is the placeholder of a value."""
    if len(rows) == 1:
        return [Write(_insert_text(table.name, columns, 1, mark), rows[0], 1)]
    return [
        Write(
            _insert_text(table.name, columns, len(part), mark),
            tuple([value for row in part for value in row]),
            len(part),
        )
        for part in _bounded(rows, most_bytes)
    ]


@lru_cache(maxsize=256)
def _insert_text(table: str, columns: tuple[str, ...], rows: int, mark: str) -> str:
    group = f"({', '.join([mark] * len(columns))})"
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([group] * rows)}"  # noqa: S608 - constant names, no values


def _bounded(rows: Sequence[Row], most_bytes: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), MAX_ROWS_PER_INSERT):
        part = rows[start : start + MAX_ROWS_PER_INSERT]
        if _weight(part) <= most_bytes:
            yield part
            continue
        first = size = 0
        for position, row in enumerate(part):
            weight = _weight((row,))
            if position > first and size + weight > most_bytes:
                yield part[first:position]
                first, size = position, 0
            size += weight
        yield part[first:]


def _weight(rows: Sequence[Row]) -> int:
    # Bytes are sent in hex, and so is text that is not pure ASCII: up to four bytes a character.
    sizes = [len(value) for row in rows for value in row if (kind := value.__class__) is bytes or kind is str]
    wide = [len(value) for row in rows for value in row if value.__class__ is str and not value.isascii()]
    return 16 * len(rows) * len(rows[0]) + 2 * sum(sizes) + 6 * sum(wide)
