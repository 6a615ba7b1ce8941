"""Legacy databases for tests: clean rows and seeded defects, on MariaDB, MySQL or in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import pymysql

from tests.legacy.clean_rows import CleanRows, Row, Size
from tests.legacy.defects.draft import Draft, Expected
from tests.legacy.defects.registry import seed_defects
from tests.legacy.schemas import SCHEMAS, Dialect, Table, quoted
from tests.services.databases import DatabaseServer

ROWS_PER_STATEMENT = 500


class LegacyDatabase(NamedTuple):
    """A legacy database: its URL, and the findings that its defects have to produce."""

    url: str
    expected: frozenset[Expected]


def on_server(
    server: DatabaseServer,
    schema: str,
    size: Size,
    *,
    defects: bool = True,
    seed: int = 1,
    marker: str = "",
    charset: str | None = None,
    engine: str | None = None,
    only: Sequence[str] = (),
) -> LegacyDatabase:
    """A legacy database on a server, whose tables may be of another engine or charset; `only` names some tables."""
    url = server.create_database()
    name = url.rpartition("/")[2].partition("?")[0]
    tables = tuple(_with_options(table, charset, engine) for table in SCHEMAS[schema] if not only or table.name in only)
    with server.connect(database=name) as connection, connection.cursor() as cursor:
        # As the servers were: whatever does not fit is stored as something else.
        cursor.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks = 0")
        expected = _fill(_Server(cursor), tables, size, defects=defects, seed=seed, marker=marker)
        connection.commit()
    return LegacyDatabase(url, expected)


def in_file(
    path: Path, schema: str, size: Size, *, defects: bool = True, seed: int = 1, marker: str = ""
) -> LegacyDatabase:
    """A legacy database in an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        expected = _fill(_File(connection), SCHEMAS[schema], size, defects=defects, seed=seed, marker=marker)
        connection.commit()
    return LegacyDatabase(f"sqlite:///{path}", expected)


def _with_options(table: Table, charset: str | None, engine: str | None) -> Table:
    return Table(table.name, table.columns, table.unique, engine or table.engine, charset or table.charset)


class _Server:
    dialect: Dialect = "mysql"

    def __init__(self, cursor: pymysql.cursors.Cursor) -> None:
        self._cursor = cursor

    def execute(self, statement: str) -> None:
        self._cursor.execute(statement)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        names = ", ".join(quoted(name, "mysql") for name in table.names)
        marks = f"({', '.join(['%s'] * len(table.names))})"
        self._cursor.executemany(f"INSERT INTO {quoted(table.name, 'mysql')} ({names}) VALUES {marks}", rows)


class _File:
    dialect: Dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        marks = ", ".join(["?"] * len(table.names))
        self._connection.executemany(f"INSERT INTO {quoted(table.name, 'sqlite')} VALUES ({marks})", rows)


def _fill(
    target: _Server | _File, tables: tuple[Table, ...], size: Size, *, defects: bool, seed: int, marker: str
) -> frozenset[Expected]:
    clean = CleanRows(tables, size, seed=seed, marker=marker)
    draft = Draft(clean, dialect=target.dialect)
    if defects:
        seed_defects(draft)
    for table in tables:
        target.execute(table.ddl(target.dialect, unique=not defects))
        rows = chain(clean.rows(table), draft.rows.get(table.name, ()))
        for batch in _batches(rows):
            target.insert(table, [[row[name] for name in table.names] for row in batch])
    for statement in draft.statements:
        target.execute(statement)
    return frozenset(draft.expected | _of_schema(tables))


def _of_schema(tables: tuple[Table, ...]) -> set[Expected]:
    """Findings about tables and columns that the schema always has."""
    text_keys = {Expected("L40", table.name, None) for table in tables if table.columns.startswith("id:textkey")}
    kept = {Expected("L36", table.name, None) for table in tables if "deleteReason" in table.names}
    return (text_keys | kept) - {Expected("L40", "_prisma_migrations", None)}


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, ROWS_PER_STATEMENT)):
        yield batch
