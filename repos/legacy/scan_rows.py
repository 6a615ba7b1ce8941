"""The rows of a legacy table for a scan: in a given order, in batches of bounded size, contents as bytes.

Contents come as the UTF-8 bytes of their text, which need a quarter of the memory of a text with an emoji in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from repos.legacy.catalog import Table
from repos.legacy.connection import Row, Source

BATCH_ROWS = 1_000
BATCH_BYTES = 1 << 20


class TableState(NamedTuple):
    """A table at one moment: what differs afterwards if it was written to.

    `checksum` is None where the server cannot compute one.
    """

    rows: int
    last_key: Any
    checksum: int | None


def read_batches(  # noqa: PLR0913 - the parts of one statement
    source: Source,
    table: Table,
    columns: Sequence[str],
    *,
    contents: Collection[str] = (),
    order: Sequence[str] = (),
    start: tuple[str, Any] | None = None,
) -> Iterator[list[Row]]:
    """Rows of the columns, in the order of other columns; `start` is a column and its first value.

    A batch has about BATCH_ROWS rows; where rows may be large, about BATCH_BYTES or one row.
    """
    names, as_bytes = selected(source, table, columns, contents)
    sql = f"SELECT {', '.join(names)} FROM {source.quoted(table.name)}"  # noqa: S608 - quoted
    params: list[Any] = []
    if start is not None:
        sql += f" WHERE {source.quoted(start[0])} >= {source.mark}"
        params.append(start[1])
    if order:
        sql += f" ORDER BY {', '.join(map(source.quoted, order))}"
    places = [place for place, name in enumerate(columns) if _may_be_large(table, name)]
    if not places:
        yield from source.stream(sql, params, table=table.name, batch_rows=BATCH_ROWS, as_bytes=as_bytes)
        return
    batch: list[Row] = []
    size = 0
    for rows in source.stream(sql, params, table=table.name, batch_rows=None, as_bytes=as_bytes):
        batch += rows
        size += sum(len(value) for row in rows for place in places if isinstance(value := row[place], str | bytes))
        if size >= BATCH_BYTES or len(batch) >= BATCH_ROWS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def table_state(source: Source, table: Table) -> TableState:
    """The state of a table: its number of rows, its greatest key and, on a server, its checksum."""
    name = source.quoted(table.name)
    key = f"MAX({source.quoted(table.key[0])})" if table.key else "NULL"
    [(rows, last_key)] = source.fetch(f"SELECT COUNT(*), {key} FROM {name}", table=table.name)  # noqa: S608 - quoted
    if source.is_sqlite:
        lengths = " + ".join(f"COALESCE(SUM(LENGTH({source.quoted(column)})), 0)" for column in table.names)
        checksum = source.fetch(f"SELECT {lengths} FROM {name}", table=table.name)[0][0]  # noqa: S608 - quoted
    else:
        checksum = source.fetch(f"CHECKSUM TABLE {name}", table=table.name)[0][1]
    return TableState(int(rows), last_key, checksum)


def count_added(source: Source, table: Table, last_key: Any) -> int:
    """The number of rows whose key is greater than the greatest one of before."""
    if not table.key or last_key is None:
        return 0
    name, key = source.quoted(table.name), source.quoted(table.key[0])
    sql = f"SELECT COUNT(*) FROM {name} WHERE {key} > {source.mark}"  # noqa: S608 - quoted
    return int(source.fetch(sql, [last_key], table=table.name)[0][0])


def _may_be_large(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and column.has_content


class Selected(NamedTuple):
    """The expressions for columns, and the places of those whose text is returned as bytes, as it comes."""

    expressions: tuple[str, ...]
    as_bytes: tuple[int, ...]


def selected(source: Source, table: Table, columns: Sequence[str], contents: Collection[str]) -> Selected:
    """The columns of a statement; those that are contents as bytes.

    A server sends text in UTF-8 anyway: a CAST that makes it bytes first takes four times as long as reading it.
    """
    expressions: list[str] = []
    as_bytes: list[int] = []
    for place, name in enumerate(columns):
        quoted = source.quoted(name)
        column = table.column(name)
        kind = "unknown" if column is None else column.kind
        if name not in contents or (kind == "bytes" and not source.is_sqlite):
            expressions.append(quoted)
        elif source.is_sqlite:
            expressions.append(f"CAST({quoted} AS BLOB)")
        elif kind in ("text", "json"):
            expressions.append(quoted)
            as_bytes.append(place)
        else:
            expressions.append(f"CAST(CONVERT({quoted} USING utf8mb4) AS BINARY)")
    return Selected(tuple(expressions), tuple(as_bytes))
