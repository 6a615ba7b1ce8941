"""The shape that our own schema must have: that of the declared tables, which tests prove the migrations make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import mysql

import repos.schema
from repos.legacy.schema_shape import (
    FORMAT,
    CheckShape,
    ColumnShape,
    ForeignKeyShape,
    IndexShape,
    SchemaShape,
    TableShape,
    ViewShape,
)
from repos.legacy.spellings import plain_rule, plain_type
from repos.schema import log_view
from repos.schema.core_tables import metadata

_DIALECT = mysql.dialect()
_COLLATED = re.compile(r"(.*?) CHARACTER SET (\w+) COLLATE (\w+)")
_TEXT = re.compile(r"(var)?char|(tiny|medium|long)?text|enum|set", re.IGNORECASE)


def own_schema(product: str, version: str, database: str) -> SchemaShape:
    """The shape of our schema on a server."""
    for module in iter_modules(repos.schema.__path__, "repos.schema."):
        if module.name.endswith("_tables"):
            import_module(module.name)
    tables = sorted(metadata.tables.values(), key=lambda table: table.name)
    return SchemaShape(
        FORMAT,
        product,
        version,
        database,
        tables=tuple(_table(table) for table in tables),
        views=(ViewShape(log_view.NAME, log_view.QUERY, security="invoker"),),
    )


def _table(table: Table) -> TableShape:
    options = table.dialect_options["mysql"]
    charset, collation = str(options["charset"]), str(options["collate"])
    keys = tuple(sorted(_foreign_keys(table), key=lambda key: key.name or ""))
    indexes = list(_indexes(table))
    for key in keys:
        # A server makes an index for a foreign key that finds none.
        if not any(index.parts[: len(key.columns)] == key.columns for index in indexes):
            indexes.append(IndexShape(key.name or "", "index", key.columns))
    return TableShape(
        table.name,
        tuple(_column(table, column, charset, collation) for column in table.columns),
        indexes=tuple(indexes),
        foreign_keys=keys,
        checks=tuple(_checks(table)),
        engine=str(options["engine"]),
        charset=charset,
        collation=collation,
    )


def _column(table: Table, column: Column[Any], charset: str, collation: str) -> ColumnShape:
    declared = column.type.compile(dialect=_DIALECT)
    found = _COLLATED.fullmatch(declared)
    kind = plain_type(found[1] if found else declared)
    is_text = _TEXT.match(kind) is not None
    default: Any = column.server_default
    return ColumnShape(
        column.name,
        kind,
        nullable=bool(column.nullable),
        default=None if default is None else str(default.arg),
        auto_increment=table.autoincrement_column is column,
        charset=found[2] if found else charset if is_text else None,
        collation=found[3] if found else collation if is_text else None,
    )


def _indexes(table: Table) -> Iterator[IndexShape]:
    yield IndexShape("PRIMARY", "primary key", tuple(column.name for column in table.primary_key.columns))
    for index in table.indexes:
        kind = "unique key" if index.unique else "index"
        yield IndexShape(str(index.name), kind, tuple(column.name for column in index.columns))
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield IndexShape(str(constraint.name), "unique key", tuple(column.name for column in constraint.columns))


def _foreign_keys(table: Table) -> Iterator[ForeignKeyShape]:
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            yield ForeignKeyShape(
                tuple(column.name for column in constraint.columns),
                constraint.referred_table.name,
                tuple(element.column.name for element in constraint.elements),
                on_delete=plain_rule(constraint.ondelete or "restrict"),
                on_update=plain_rule(constraint.onupdate or "restrict"),
                name=str(constraint.name),
            )


def _checks(table: Table) -> Iterator[CheckShape]:
    for constraint in sorted(table.constraints, key=lambda each: str(each.name)):
        if isinstance(constraint, CheckConstraint) and "JSON_EXTRACT(CAST" not in str(constraint.sqltext):
            yield CheckShape(str(constraint.sqltext), name=str(constraint.name))
