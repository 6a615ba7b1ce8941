"""The shape of the schema of an SQLite file.

SQLite has no catalog of checks and generated columns: the whole statement of a table is a part of its shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from repos.legacy.schema_shape import (
    FORMAT,
    ColumnShape,
    ForeignKeyShape,
    IndexShape,
    SchemaShape,
    TableShape,
    TriggerShape,
    ViewShape,
)
from repos.legacy.server_schema import Catalog

_TABLES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
)
_KINDS = {"pk": "primary key", "u": "unique key"}


def shape_of_file(source: Catalog, name: str, version: str) -> SchemaShape:
    """The shape of the schema of an SQLite file."""
    return SchemaShape(
        FORMAT,
        "SQLite",
        version,
        name,
        tables=tuple(_table(source, table, definition) for table, definition in source.fetch(_TABLES)),
        views=tuple(ViewShape(view, definition) for view, _, definition in _others(source, "view")),
        triggers=tuple(TriggerShape(trigger, table, "", sql) for trigger, table, sql in _others(source, "trigger")),
    )


def _others(source: Catalog, kind: str) -> list[Any]:
    return source.fetch(
        f"SELECT name, tbl_name, sql FROM sqlite_master WHERE type = '{kind}' ORDER BY name"  # noqa: S608 - two words
    )


def _table(source: Catalog, name: str, definition: str) -> TableShape:
    literal = name.replace("'", "''")
    columns = [
        ColumnShape(
            column,
            declared.lower(),
            nullable=not required,
            default_expression=default,
            generated="generated" if hidden in (2, 3) else None,
            stored=hidden == 3,
        )
        for column, declared, required, default, hidden in source.fetch(
            f"SELECT name, type, \"notnull\", dflt_value, hidden FROM pragma_table_xinfo('{literal}') ORDER BY cid"  # noqa: S608
        )
    ]
    return TableShape(
        name,
        tuple(columns),
        indexes=tuple(sorted(_indexes(source, literal), key=lambda index: index.name)),
        foreign_keys=tuple(_foreign_keys(source, literal)),
        definition=definition,
    )


def _indexes(source: Catalog, table: str) -> Iterator[IndexShape]:
    for name, unique, origin, partial in source.fetch(
        f"SELECT name, \"unique\", origin, partial FROM pragma_index_list('{table}')"  # noqa: S608 - quoted
    ):
        literal = name.replace("'", "''")
        parts = [
            f"{column if column is not None else '(expression)'}{' desc' if descending else ''}"
            for column, descending in source.fetch(
                f"SELECT name, \"desc\" FROM pragma_index_xinfo('{literal}') WHERE key ORDER BY seqno"  # noqa: S608
            )
        ]
        if partial or "(expression)" in parts:
            # Its statement alone says which rows or expression.
            [(sql,)] = source.fetch(f"SELECT sql FROM sqlite_master WHERE type = 'index' AND name = '{literal}'")  # noqa: S608
            parts.append(sql)
        # The names that SQLite gives to keys are numbers in the order of creation.
        plain = "" if name.startswith("sqlite_autoindex_") else name
        yield IndexShape(plain, _KINDS.get(origin, "unique index" if unique else "index"), tuple(parts))


def _foreign_keys(source: Catalog, table: str) -> Iterator[ForeignKeyShape]:
    keys: dict[int, list[Any]] = {}
    for row in source.fetch(
        f'SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(\'{table}\') '  # noqa: S608
        "ORDER BY id, seq"
    ):
        keys.setdefault(row[0], []).append(row)
    for rows in keys.values():
        _, other, _, _, on_update, on_delete = rows[0]
        yield ForeignKeyShape(
            tuple(row[2] for row in rows),
            other,
            tuple(row[3] or "" for row in rows),
            on_delete=on_delete.lower(),
            on_update=on_update.lower(),
        )
