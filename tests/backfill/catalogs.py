"""Catalogs for tests without a server: of statements run in SQLite, and of the shipped samples."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from backfill.samples import make_sample_file
from repos.legacy.catalog import Catalog, Column, Table, read_catalog
from repos.legacy.column_types import kind_of
from repos.legacy.connection import ServerFacts, open_source

SERVER = ServerFacts("MariaDB", "10.11.6", "legacy", "utf8mb4", "utf8mb4_general_ci", "", "UTC", 0, 16 << 20)


def catalog_of_sample(sample: int | str) -> Catalog:
    """The catalog of a shipped sample."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "legacy.db"
        make_sample_file(file, sample)
        with open_source(f"sqlite:///{file}") as source:
            return read_catalog(source)


def catalog_of_file(*statements: str) -> Catalog:
    """The catalog of an SQLite file made by statements."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "legacy.db"
        with closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
        with open_source(f"sqlite:///{file}") as source:
            return read_catalog(source)


def table_of(name: str, columns: dict[str, str], key: tuple[str, ...] = ("id",), **facts: object) -> Table:
    """A table of a server, from the types of its columns; a type with `null` at its end is nullable."""
    made = tuple(
        Column(column, kind.removesuffix(" null"), kind_of(kind), nullable=kind.endswith(" null"))
        for column, kind in columns.items()
    )
    return Table(name, made, primary_key=key, **facts)  # type: ignore[arg-type]  # whatever facts a test wants


def catalog_of(*tables: Table, server: ServerFacts = SERVER) -> Catalog:
    """A catalog of a server."""
    return Catalog("mysql://host/legacy", server, {table.name: table for table in tables})
