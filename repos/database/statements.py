"""Statements: SQLAlchemy Core compiled once per dialect, and inserts of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct
from sqlalchemy import Dialect, Executable, Table
from sqlalchemy.sql.compiler import SQLCompiler

from domain.errors import LedgerError
from repos.database.sql_literals import rows_with_literals

T = TypeVar("T")
Params = dict[str, Any]
Row = tuple[Any, ...]
MakeError = Callable[[], LedgerError]

# SQLite accepts 32,766 parameters in a statement, and every table here has fewer than 32 columns.
MAX_ROWS_PER_INSERT = 1_000
# Rows with more bytes stay values until they are sent, a packet at a time: as text they take twice the memory.
MAX_TEXT_BYTES = 2 << 20


class Prepared(NamedTuple):
    """The text of a statement for a driver, and a function from parameters to values in the order of the text."""

    sql: str
    values: Callable[[Params], Row]


class Write(Struct, frozen=True, gc=False):
    """A write as it is sent; `values` is None where the text has them.

    `rows` is how many rows it must match, and `unmatched` makes the error if it does not. It holds no error: its
    traceback would refer to the write, which the garbage collector does not look into.
    """

    sql: str
    values: Row | None
    rows: int | None
    unmatched: MakeError | None = None

    @property
    def name(self) -> str:
        """Its beginning, which has no values."""
        return self.sql.partition(" VALUES ")[0][:80]


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
    """INSERT statements of bounded size for rows, for a driver that binds values; `mark` is its placeholder."""
    if len(rows) == 1:
        return _single(table, columns, rows, mark)
    return [
        Write(
            _insert_text(table.name, columns, len(part), mark),
            tuple([value for row in part for value in row]),
            len(part),
        )
        for part in _parts(rows, map(_weight, rows), most_bytes)
    ]


def inserts_as_text(table: Table, columns: tuple[str, ...], rows: list[Row], most_bytes: int) -> list[Write]:
    """The same for a server: the values of several rows are in the text, unless it would take much memory."""
    if len(rows) == 1:
        return [Write(_insert_text(table.name, columns, 1, "%s"), rows[0], 1)]
    if _bytes_of(rows) > MAX_TEXT_BYTES:
        return inserts(table, columns, rows, "%s", most_bytes)
    beginning = _insert_text(table.name, columns, 0, "")
    texts = rows_with_literals(rows)
    return [Write(beginning + ",".join(part), None, len(part)) for part in _parts(texts, map(len, texts), most_bytes)]


def _bytes_of(rows: list[Row]) -> int:
    """The bytes in the columns whose first value is bytes."""
    return sum(
        sum([len(value) for value in column if value.__class__ is bytes])
        for column in zip(*rows, strict=True)
        if column[0].__class__ is bytes
    )


def _single(table: Table, columns: tuple[str, ...], rows: list[Row], mark: str) -> list[Write]:
    # Most inserts of an edit: neither measured nor copied.
    return [Write(_insert_text(table.name, columns, 1, mark), rows[0], 1)]


@lru_cache(maxsize=256)
def _insert_text(table: str, columns: tuple[str, ...], rows: int, mark: str) -> str:
    group = f"({', '.join([mark] * len(columns))})"
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([group] * rows)}"  # noqa: S608 - constant names, no values


def _parts(rows: Sequence[T], sizes: Iterable[int], most_bytes: int) -> Iterator[Sequence[T]]:
    """Rows in parts of bounded size; a row that is larger than a part is alone."""
    known = list(sizes)
    first = 0
    while first < len(rows):
        end = min(first + MAX_ROWS_PER_INSERT, len(rows))
        if sum(known[first:end]) > most_bytes:
            totals = accumulate(known[first:end])
            # Mostly a part has the greatest number of rows, so it is seldom searched for the last that fits.
            end = first + max(sum(total <= most_bytes for total in totals), 1)
        yield rows[first:end]
        first = end


def _weight(row: Row) -> int:
    return 16 * len(row) + 2 * sum([len(value) for value in row if value.__class__ in (bytes, str)])
