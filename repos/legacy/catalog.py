"""The catalog of a legacy source: its tables, columns and keys as plain values that know no SQLAlchemy.

    read_catalog(source) -> Catalog, a mapping of names to `Table`

Columns, engines, charsets and sizes come from the database's own catalog; primary, unique and foreign keys from
SQLAlchemy's reflection. `Table.rows` is the server's estimate (exact for MyISAM and SQLite). A table that cannot be
read has its `problem` in words and no columns or keys: the rest is read all the same.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Inspector, inspect
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import SAWarning

from repos.legacy.column_types import LENGTH, kind_of, lower_type, values_of
from repos.legacy.connection import ServerFacts, Source
from repos.legacy.errors import SourceError, explained
from repos.legacy.grants import sees_all_tables


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `type` is as the database spells it, in lower case; `kind` is a value of `column_types.KINDS`."""

    name: str
    type: str
    kind: str
    nullable: bool
    default: str | None = None
    length: int | None = None  # of a char, varchar or binary type; the fraction's digits of a moment
    charset: str | None = None
    collation: str | None = None
    values: tuple[str, ...] = ()  # of an enum or set
    generated: bool = False
    auto_increment: bool = False

    @property
    def has_content(self) -> bool:
        """Whether a value can be large: text, bytes or JSON without a short limit."""
        return self.kind in ("text", "bytes", "json", "any", "unknown") and (self.length is None or self.length > 1_024)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that point to the columns of another table."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rows: int | None = None
    bytes: int | None = None
    engine: str = ""
    charset: str = ""
    collation: str = ""
    is_view: bool = False
    has_rowid: bool = False  # SQLite: rows have a number of their own
    problem: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        """A column by its name, as the database compares names: without regard to case."""
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)

    @property
    def key(self) -> tuple[str, ...]:
        """The key that rows are read by: the primary key, else the first unique key without NULL; empty if none."""
        # A float and a BIT are not equal to their own text, and an SQLite primary key may hold NULL.
        exact = {
            column.name
            for column in self.columns
            if not column.nullable and column.kind not in ("float", "unknown") and not column.type.startswith("bit")
        }
        return next((key for key in (self.primary_key, *self.unique_keys) if key and exact.issuperset(key)), ())


@dataclass(frozen=True)
class Catalog:
    """All tables and views of a source, by name; without `sees_all` only those that the account was granted singly."""

    source: str
    server: ServerFacts
    tables: dict[str, Table]
    sees_all: bool = True

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables.values())

    def table(self, name: str) -> Table | None:
        """A table by its name; the exact name first, then without regard to case."""
        if name in self.tables:
            return self.tables[name]
        return next((table for table in self if table.name.lower() == name.lower()), None)


def read_catalog(source: Source) -> Catalog:
    """Read the catalog of a source.

    Raises:
        SourceError: the source cannot be read, or has no table that this account sees.
    """
    found = _tables_of_file(source) if source.is_sqlite else _tables_of_server(source)
    rows = sorted(found, key=lambda row: str(row["name"]))  # not by the collation of the source
    if not rows:
        raise SourceError(
            "source_empty", f"{source.name} has no table, or none that this account may read: check name and grants."
        )
    columns = _columns_of_file(source, rows) if source.is_sqlite else _columns_of_server(source)
    tables = {}
    with source.reflecting() as connection:
        inspector = inspect(connection)
        for row in rows:
            table = _readable(source, Table(columns=tuple(columns.get(row["name"], ())), **row))
            tables[table.name] = table if table.is_view or table.problem else _with_keys(source, inspector, table)
    return Catalog(source.name, source.facts, tables, sees_all=sees_all_tables(source))


def _tables_of_server(source: Source) -> Iterator[dict[str, Any]]:
    # A server describes a table or view that it cannot open by NULLs and a comment.
    for name, kind, engine, rows, data, index, collation, comment in source.fetch(
        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, INDEX_LENGTH, TABLE_COLLATION, TABLE_COMMENT "
        "FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'SEQUENCE' "
        "ORDER BY TABLE_NAME"
    ):
        is_view = "VIEW" in kind.upper()
        problem = None
        if not is_view and engine is None:
            problem = f"The table {name} cannot be opened: it is missing or damaged."
        elif is_view and comment and comment.upper() != "VIEW":
            problem = f"The view {name} cannot be read: what it selects from is missing, or its definer may not."
        yield {
            "name": name,
            "rows": None if is_view or rows is None else int(rows),
            "bytes": None if data is None else int(data) + int(index or 0),
            "engine": engine or "",
            "charset": (collation or "").partition("_")[0],
            "collation": collation or "",
            "is_view": is_view,
            "problem": problem,
        }


def _columns_of_server(source: Source) -> dict[str, list[Column]]:
    columns = defaultdict(list)
    for table, name, full, nullable, default, length, digits, charset, collation, extra in source.fetch(
        "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, CHARACTER_MAXIMUM_LENGTH, "
        "DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, EXTRA FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION"
    ):
        kind = kind_of(full)
        flags = extra.lower()
        columns[table].append(
            Column(
                name=name,
                type=lower_type(full),
                kind=kind,
                nullable=nullable == "YES",
                default=None if default is None else str(default),
                length=int(length) if length is not None else None if digits is None else int(digits),
                charset=charset,
                collation=collation,
                values=values_of(full) if kind in ("enum", "set") else (),
                generated="generated" in flags and "default_generated" not in flags,
                auto_increment="auto_increment" in flags,
            )
        )
    return columns


def _tables_of_file(source: Source) -> Iterator[dict[str, Any]]:
    tables = source.fetch("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' ORDER BY name")
    sizes = _sizes_of_file(source)
    for name, kind, keyed in tables:
        if name.startswith("sqlite_") or kind == "shadow":
            continue
        problem, rows = None, None
        try:
            rows = source.fetch(f"SELECT count(*) FROM {source.quoted(name)}", table=name)[0][0]  # noqa: S608 - quoted
        except SourceError as error:
            problem = str(error)
        yield {
            "name": name,
            "rows": None if kind == "view" else rows,
            "bytes": sizes.get(name),
            "engine": "" if kind == "view" else "SQLite",
            "charset": "utf8",
            "is_view": kind == "view",
            "has_rowid": kind == "table" and not keyed,
            "problem": problem,
        }


def _sizes_of_file(source: Source) -> dict[str, int]:
    try:
        return dict(source.fetch("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    except SourceError:
        return {}  # an SQLite without the module that measures


def _columns_of_file(source: Source, tables: list[dict[str, Any]]) -> dict[str, list[Column]]:
    # One by one: a view that selects from a missing table would make a query of all of them fail.
    readable = [table for table in tables if table["problem"] is None]
    return {table["name"]: list(_columns_of_table(source, table)) for table in readable}


def _columns_of_table(source: Source, table: dict[str, Any]) -> Iterator[Column]:
    for name, declared, required, default, key, hidden in source.fetch(
        'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid',
        (table["name"],),
        table=table["name"],
    ):
        kind = kind_of(declared)
        length = LENGTH.search(declared)
        is_rowid = bool(key) and declared.lower() == "integer"
        yield Column(
            name=name,
            type=lower_type(declared),
            kind=kind,
            # Only these two kinds of primary keys never hold NULL.
            nullable=not (required or is_rowid or (key and not table["has_rowid"])),
            default=default,
            length=int(length[1]) if length and kind in ("text", "bytes", "moment") else None,
            generated=hidden > 1,
            auto_increment=is_rowid,
        )


def _readable(source: Source, table: Table) -> Table:
    """The table, with its problem if this account cannot select its columns."""
    if table.problem is not None:
        return table
    columns = ", ".join(map(source.quoted, table.names))
    if not columns:
        return replace(table, problem=f"The account may not read the table {table.name}: grant it SELECT.")
    try:
        source.fetch(f"SELECT {columns} FROM {source.quoted(table.name)} LIMIT 0", table=table.name)  # noqa: S608 - quoted
    except SourceError as error:
        if error.code == "source_lost":
            raise
        return replace(table, problem=str(error))
    return table


def _with_keys(source: Source, inspector: Inspector, table: Table) -> Table:
    try:
        with explained(source.name, table.name), warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # an unknown type is reported as the kind of its column
            return _reflected(inspector, table)
    except SourceError as error:
        if error.code == "source_lost":
            raise
        return replace(table, problem=str(error))


def _reflected(inspector: Inspector, table: Table) -> Table:
    indexes = inspector.get_indexes(table.name)
    unique = [tuple(each["column_names"]) for each in inspector.get_unique_constraints(table.name)]
    unique += [_columns_of(each) for each in indexes if each["unique"]]
    return replace(
        table,
        primary_key=tuple(inspector.get_pk_constraint(table.name)["constrained_columns"]),
        unique_keys=tuple(dict.fromkeys(key for key in unique if key)),
        indexes=tuple(key for each in indexes if not each["unique"] and (key := _columns_of(each))),
        foreign_keys=tuple(
            ForeignKey(tuple(key["constrained_columns"]), key["referred_table"], tuple(key["referred_columns"]))
            for key in inspector.get_foreign_keys(table.name)
        ),
    )


def _columns_of(index: ReflectedIndex) -> tuple[str, ...]:
    """The columns of an index; empty if it is on an expression."""
    names = index["column_names"]
    return () if None in names else tuple(name for name in names if name is not None)
