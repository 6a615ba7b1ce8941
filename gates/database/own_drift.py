"""Drift of our own database: what was changed in the schema that the migrations made."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from sqlalchemy import Connection

from gates.database.accounts.server import ACCOUNT_DEFAULT
from gates.database.accounts.triggers import GUARD_NAMES
from gates.database.drift import Difference, differences, not_compared
from gates.database.hidden_tables import hidden_tables
from gates.database.own_schema import own_schema
from repos.database.engine import open_engine
from repos.legacy.connection import open_source
from repos.legacy.file_schema import shape_of_file
from repos.legacy.schema_shape import SchemaShape, TableShape
from repos.legacy.server_schema import shape_of_server
from repos.schema.core_tables import submission_inbox
from repos.schema.known_schemas import newest_schema
from repos.schema.revision import TABLE, connected, require_current


def own_drift(database_url: str, *, allowed: tuple[str, ...] = ()) -> tuple[list[Difference], list[str]]:
    """What differs from the schema of this program, and what was not compared.

    Tables and views that match a pattern in `allowed` belong to other tools and are left out. The database is read
    through a read-only connection.

    Raises:
        SchemaOutdated, SchemaTooNew: the schema is another one as a whole.
        SourceError: the database cannot be read.
        ParserMissing: the program was installed without the extra `drift`.
    """
    hidden: list[str] = []
    with open_engine(database_url) as engine:
        require_current(engine)
        if engine.dialect.name == "sqlite":
            with connected(engine) as connection, newest_schema() as newest:
                found, wanted = _of_file(connection), _of_file(newest)
        else:
            with open_source(database_url) as source:
                found = _without_gates(shape_of_server(source))
            wanted = own_schema(found.product, found.version, found.database)
            # Of no table of ours.
            wanted = msgspec.structs.replace(wanted, charset=found.charset, collation=found.collation)
            seen = _names(found)
            hidden = hidden_tables(engine, [name for name in _names(wanted) if name not in seen])
    found, wanted = (_without(shape, (TABLE, *allowed, *hidden)) for shape in (found, wanted))
    wanted = _in_order_of(found, wanted)
    notes = not_compared(wanted, found)
    if hidden:
        notes.append(f"The account has no privilege to see these tables, which were not compared: {', '.join(hidden)}.")
    return differences(wanted, found), notes


def _names(shape: SchemaShape) -> list[str]:
    return [*(table.name for table in shape.tables), *(view.name for view in shape.views)]


@dataclass(frozen=True)
class _File:
    connection: Connection

    def fetch(self, sql: str, *, table: str | None = None) -> list[Any]:  # noqa: ARG002 - named in errors elsewhere
        return list(self.connection.exec_driver_sql(sql).all())


def _of_file(connection: Connection) -> SchemaShape:
    return shape_of_file(_File(connection), "main", "")


def _without_gates(shape: SchemaShape) -> SchemaShape:
    """The shape without what `gates install` adds, which `gates status` compares."""

    def declared(table: TableShape) -> TableShape:
        if table.name != submission_inbox.name:
            return table
        columns = [
            msgspec.structs.replace(column, default_expression=None)
            if column.name == submission_inbox.c.account.name and column.default_expression == ACCOUNT_DEFAULT
            else column
            for column in table.columns
        ]
        return msgspec.structs.replace(table, columns=tuple(columns))

    return msgspec.structs.replace(
        shape,
        tables=tuple(declared(table) for table in shape.tables),
        triggers=tuple(trigger for trigger in shape.triggers if trigger.name not in GUARD_NAMES),
    )


def _in_order_of(found: SchemaShape, wanted: SchemaShape) -> SchemaShape:
    """The wanted shape with its columns in the order found: a migration adds last what is declared in the middle."""
    places = {(table.name, column.name): place for table in found.tables for place, column in enumerate(table.columns)}
    tables = []
    for table in wanted.tables:
        placed = [
            (places.get((table.name, column.name), place), place, column) for place, column in enumerate(table.columns)
        ]
        columns = tuple(column for _, _, column in sorted(placed, key=lambda each: each[:2]))
        tables.append(msgspec.structs.replace(table, columns=columns))
    return msgspec.structs.replace(wanted, tables=tuple(tables))


def _without(shape: SchemaShape, patterns: tuple[str, ...]) -> SchemaShape:
    def kept(name: str) -> bool:
        return not any(fnmatchcase(name, pattern) for pattern in patterns)

    return msgspec.structs.replace(
        shape,
        tables=tuple(table for table in shape.tables if kept(table.name)),
        views=tuple(view for view in shape.views if kept(view.name)),
        triggers=tuple(trigger for trigger in shape.triggers if kept(trigger.table)),
    )
