"""Contents of a database: its tables and views with their columns, ours and those of other applications.

Read without SQLAlchemy's reflection, which leaves out sequences and system-versioned tables. Both have names that a
table of ours could not take.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from repos.database.engine import MEMORY
from repos.read_only_file import read_only_uri

Rows = Callable[[str], list[Any]]

_SQLITE = """
SELECT m.type, m.name, p.name FROM sqlite_master m
LEFT JOIN pragma_table_xinfo(CASE WHEN m.type IN ({types}) THEN m.name END) p
WHERE m.type IN ('table', 'view', 'index') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""
_TABLES = "SELECT table_type, table_name, NULL FROM information_schema.tables WHERE table_schema = DATABASE()"
_COLUMNS = "SELECT NULL, table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
# 0: table names differ by case.
_NAMES_FOLD = "SELECT @@lower_case_table_names"


@dataclass(frozen=True)
class Contents:
    """Columns by table and by view, all in lower case where the server does not tell case apart."""

    tables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    views: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # Names that no table may take: on SQLite, those of indexes.
    reserved: frozenset[str] = frozenset()

    @property
    def named(self) -> dict[str, frozenset[str]]:
        """The columns of everything that has some."""
        return {**self.tables, **self.views}


def contents_of(connection: Connection) -> Contents:
    """The contents of the database of a connection."""

    def rows(query: str) -> list[Any]:
        return list(connection.exec_driver_sql(query).all())

    return _on_sqlite(rows) if connection.dialect.name == "sqlite" else _on_mysql(rows)


def contents_of_file(engine: Engine) -> Contents:
    """The contents of an SQLite file, read without changing its journal mode as `make_engine` does.

    Empty if there is no such file, or for a server.
    """
    file = engine.url.database
    if engine.dialect.name != "sqlite" or file in (None, "", MEMORY):
        return Contents()
    try:
        with closing(sqlite3.connect(read_only_uri(Path(str(file))), uri=True)) as connection:
            return _on_sqlite(lambda query: connection.execute(query).fetchall())
    except sqlite3.Error:
        return Contents()  # the caller that opens it for writing reports what is wrong


def _on_sqlite(rows: Rows) -> Contents:
    try:
        return _gathered(rows(_SQLITE.format(types="'table', 'view'")), fold=True)
    except (sqlite3.OperationalError, OperationalError):
        # A view that selects from what is gone has no columns, as on a server.
        return _gathered(rows(_SQLITE.format(types="'table'")), fold=True)


def _on_mysql(rows: Rows) -> Contents:
    fold = rows(_NAMES_FOLD)[0][0] != 0
    return _gathered([*rows(_TABLES), *rows(_COLUMNS)], fold=fold)


def _gathered(rows: list[Any], *, fold: bool) -> Contents:
    kinds: dict[str, str] = {}
    columns: dict[str, set[str]] = {}
    for kind, name, column in rows:
        key = str(name).lower() if fold else str(name)
        if kind is not None:
            kinds[key] = str(kind).upper()
        if column is not None:
            columns.setdefault(key, set()).add(str(column).lower())
    of = {name: frozenset(columns.get(name, ())) for name in kinds}
    return Contents(
        tables={name: of[name] for name, kind in kinds.items() if kind not in ("VIEW", "INDEX", "SYSTEM VIEW")},
        views={name: of[name] for name, kind in kinds.items() if kind in ("VIEW", "SYSTEM VIEW")},
        reserved=frozenset(name for name, kind in kinds.items() if kind == "INDEX"),
    )
