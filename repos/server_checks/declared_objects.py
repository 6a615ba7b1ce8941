"""Declared objects: the tables and views that this program needs, with their columns, without running a migration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import repos.schema
from repos.schema import log_view
from repos.schema.contents import Contents
from repos.schema.core_tables import metadata


@cache
def declared_tables() -> Mapping[str, frozenset[str]]:
    """The columns of each declared table; tests prove that the migrations make these."""
    for module in iter_modules(repos.schema.__path__, "repos.schema."):
        if module.name.endswith("_tables"):
            import_module(module.name)
    return {name: frozenset(table.columns.keys()) for name, table in metadata.tables.items()}


def missing_objects(found: Contents, tables: Mapping[str, frozenset[str]], *, with_view: bool) -> list[str]:
    """The tables, columns (as table.column) and views that a database lacks."""
    missing = []
    for name, columns in sorted(tables.items()):
        if name not in found.tables:
            missing.append(name)
        else:
            missing += [f"{name}.{column}" for column in sorted(columns - found.tables[name])]
    if with_view and log_view.NAME not in found.views:
        missing.append(log_view.NAME)
    return missing
