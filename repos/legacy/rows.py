"""The rows of a legacy table, streamed in key order with bounded memory.

    for page in read_pages(source, table):               # list[LegacyRow], about PAGE_BYTES at most, or one row
        for row in page:
            row.key, row.values                          # values in the order of `columns` (default: all columns)

Keyset paging: each page begins after the key of the last one, so rows deleted or added in the meantime shift nothing,
and `after=row.key` continues an interrupted read. A table without a key has no such order: on a server it is read in
one pass, its rows have the key (n,), counted from 1, and it cannot be continued; on SQLite its rowid is the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from repos.legacy.catalog import Table
from repos.legacy.connection import Row, Source
from repos.legacy.errors import SourceError

PAGE_BYTES = 4 << 20
MAX_PAGE_ROWS = 4_000
# The first page of a table whose rows may be large, until their size is known; and that of another table, so that the
# caller soon has work.
FIRST_PAGE_ROWS = 32
FIRST_SMALL_ROWS = 500
MAX_GROWTH = 8
# One more than the largest integer of SQLite.
SQLITE_INTEGERS = 1 << 63


class LegacyRow(NamedTuple):
    """One row: its key and its values, as stored."""

    key: Row
    values: Row


def read_rows(
    source: Source, table: Table, columns: Sequence[str] | None = None, **options: Any
) -> Iterator[LegacyRow]:
    """The rows of a table, one by one; see `read_pages` for the options."""
    for page in read_pages(source, table, columns, **options):
        yield from page


def read_pages(  # noqa: PLR0913 - the parts of one statement
    source: Source,
    table: Table,
    columns: Sequence[str] | None = None,
    *,
    after: Row | None = None,
    where: Mapping[str, Any] | None = None,
    lengths: Sequence[str] = (),
) -> Iterator[list[LegacyRow]]:
    """The rows of a table in key order, in lists of bounded size.

    `where` keeps only rows whose columns equal these values (as the source compares them; None means NULL, and a tuple
    any of its values). After the values come the lengths of the columns in `lengths`, -1 for NULL.

    Raises:
        SourceError: the table cannot be read, or `after` is given for a table without a key.
    """
    if table.problem is not None:
        raise SourceError("source_no_table", table.problem)
    names = table.names if columns is None else tuple(columns)
    reader = _Reader(source, table, names, where or {}, lengths)
    if reader.key:
        return reader.by_key(after)
    if after is not None:
        raise SourceError("source_no_key", f"The table {table.name} has no key: reading it cannot be continued.")
    return reader.in_one_pass()


def count_rows(source: Source, table: Table) -> int:
    """The exact number of rows."""
    sql = f"SELECT COUNT(*) FROM {source.quoted(table.name)}"  # noqa: S608 - quoted
    return int(source.fetch(sql, table=table.name)[0][0])


def highest(source: Source, table: Table, column: str) -> Any:
    """The highest value of a column; None if there is none."""
    sql = f"SELECT MAX({source.quoted(column)}) FROM {source.quoted(table.name)}"  # noqa: S608 - quoted
    return source.fetch(sql, table=table.name)[0][0]


def bound(source: Source, value: Any) -> tuple[str, Any]:
    """The mark of a value in a condition, and its parameter."""
    if source.is_sqlite and isinstance(value, str) and not value.isascii():
        # Text that is not UTF-8 can only be bound as bytes.
        return "CAST(? AS TEXT)", value.encode(errors="surrogateescape")
    if source.is_sqlite and isinstance(value, int) and not -SQLITE_INTEGERS <= value < SQLITE_INTEGERS:
        return source.mark, str(value)  # compared as the number that it is
    return source.mark, value


class _Reader:
    """Builds the statements that read one table, and adapts the size of its pages to that of its rows."""

    def __init__(
        self,
        source: Source,
        table: Table,
        names: tuple[str, ...],
        where: Mapping[str, Any],
        lengths: Sequence[str],
    ) -> None:
        self.source, self.table, self.width = source, table, len(names) + len(lengths)
        self.key = table.key or _rowid(table)
        more = [name for name in self.key if name not in names]
        places = {name: place for place, name in enumerate(names)}
        places |= {name: self.width + place for place, name in enumerate(more)}
        self.key_places = tuple(places[name] for name in self.key)
        kinds = {column.name: column.kind for column in table.columns}
        content = {column.name for column in table.columns if column.has_content}
        self.content_places = tuple(place for name, place in places.items() if name in content)
        # An enum is sorted by its number and compared by its text: both by the bytes of its text.
        self.order = tuple(
            f"CAST({source.quoted(name)} AS BINARY)" if kinds.get(name) in ("enum", "set") else source.quoted(name)
            for name in self.key
        )
        measured = (f"COALESCE(LENGTH({source.quoted(name)}), -1)" for name in lengths)
        columns = ", ".join((*map(source.quoted, names), *measured, *map(source.quoted, more)))
        self.select = f"SELECT {columns} FROM {source.quoted(table.name)}"  # noqa: S608 - quoted
        self.params: list[Any] = []
        self.conditions = [self._equal(name, value) for name, value in where.items()]

    def _equal(self, name: str, value: Any) -> str:
        if value is None:
            return f"{self.source.quoted(name)} IS NULL"
        found = [bound(self.source, each) for each in (value if isinstance(value, tuple) else (value,))]
        self.params += [param for _, param in found]
        marks = ", ".join(mark for mark, _ in found)
        return f"{self.source.quoted(name)} {f'IN ({marks})' if isinstance(value, tuple) else f'= {marks}'}"

    def by_key(self, after: Row | None) -> Iterator[list[LegacyRow]]:
        """Pages after a key, until one is not full."""
        limit = FIRST_PAGE_ROWS if self.content_places else min(FIRST_SMALL_ROWS, MAX_PAGE_ROWS)
        while True:
            read = size = 0
            before = after
            for page, size_of_page in self._sized(self._page(after, limit)):
                read, size, after = read + len(page), size + size_of_page, page[-1].key
                yield page
                del page  # or it would stay while the next one is read
            if after == before and read:
                # The source sorts and compares this key in two ways: never read in a circle.
                raise SourceError(
                    "source_no_key", f"The table {self.table.name} cannot be read in the order of its key."
                )
            if read < limit:
                return
            fitting = limit * PAGE_BYTES // max(size, 1)
            limit = max(1, min(fitting, limit * MAX_GROWTH, MAX_PAGE_ROWS))

    def in_one_pass(self) -> Iterator[list[LegacyRow]]:
        """All rows in the order of the server, numbered."""
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        number = 0
        for page, _ in self._sized(self._stream(self.select + where, self.params)):
            yield [LegacyRow((number + place,), row.values) for place, row in enumerate(page, 1)]
            number += len(page)
            del page

    def _page(self, after: Row | None, limit: int) -> Iterator[list[Row]]:
        conditions, params = list(self.conditions), list(self.params)
        if after is not None:
            condition, values = self._later_than(after)
            conditions.append(condition)
            params += values
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return self._stream(f"{self.select}{where} ORDER BY {', '.join(self.order)} LIMIT {limit}", params)

    def _later_than(self, after: Row) -> tuple[str, list[Any]]:
        """`(a, b) > (x, y)`, written so that a server uses the index: a >= x AND (a > x OR (a = x AND b > y))."""
        if len(after) != len(self.order):
            raise SourceError("source_no_key", f"The key of the table {self.table.name} has {len(self.order)} columns.")
        marks, values = zip(*(bound(self.source, value) for value in after), strict=True)
        last = len(self.order) - 1
        condition, params = f"{self.order[last]} > {marks[last]}", [values[last]]
        for place in range(last - 1, -1, -1):
            name, mark, value = self.order[place], marks[place], values[place]
            condition = f"{name} >= {mark} AND ({name} > {mark} OR {condition})"
            params = [value, value, *params]
        return f"({condition})", params

    def _stream(self, sql: str, params: Sequence[Any]) -> Iterator[list[Row]]:
        rows = None if self.content_places else MAX_PAGE_ROWS
        return self.source.stream(sql, params, table=self.table.name, batch_rows=rows)

    def _sized(self, batches: Iterator[list[Row]]) -> Iterator[tuple[list[LegacyRow], int]]:
        """Rows in lists of at most PAGE_BYTES of content and MAX_PAGE_ROWS rows, with their size."""
        page: list[LegacyRow] = []
        size = 0
        for batch in batches:
            if not self.content_places:
                yield self._rows(batch), 0
                continue
            for row, stored in zip(self._rows(batch), batch, strict=True):
                page.append(row)
                size += self._content_size(stored)
                if size >= PAGE_BYTES or len(page) == MAX_PAGE_ROWS:
                    yield page, size
                    page, size = [], 0
            del batch, row, stored  # or a large row would stay while the next one is read
        if page:
            yield page, size

    def _content_size(self, row: Row) -> int:
        size = 0
        for place in self.content_places:
            if isinstance(value := row[place], str | bytes):
                size += len(value)
        return size

    def _rows(self, batch: list[Row]) -> list[LegacyRow]:
        if len(self.key_places) != 1:
            return [LegacyRow(tuple([row[place] for place in self.key_places]), row[: self.width]) for row in batch]
        place = self.key_places[0]
        if place < self.width:
            return [LegacyRow((row[place],), row) for row in batch]
        return [LegacyRow((row[place],), row[: self.width]) for row in batch]


def _rowid(table: Table) -> tuple[str, ...]:
    if not table.has_rowid:
        return ()
    taken = {name.lower() for name in table.names}
    return next(((name,) for name in ("rowid", "_rowid_", "oid") if name not in taken), ())
