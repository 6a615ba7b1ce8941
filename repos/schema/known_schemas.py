"""Known schemas: the contents of a database at each revision, as the migrations make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from repos.schema.contents import Contents, contents_of
from repos.schema.revision import MIGRATIONS, TABLE, known_revisions


def alembic_config(connection: Connection) -> Config:
    """The configuration with which Alembic migrates the database of a connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def known_schemas() -> Mapping[str, Contents]:
    """The contents at each revision, oldest first, without Alembic's own table.

    The migrations run on an SQLite database in memory, in a tenth of a second: no list to keep up to date.
    """
    schemas = {}
    with _in_memory() as connection:
        for revision in known_revisions():
            command.upgrade(alembic_config(connection), revision)
            held = contents_of(connection)
            tables = {name: columns for name, columns in held.tables.items() if name != TABLE}
            schemas[revision] = Contents(tables=tables, views=held.views)
    return schemas


@contextmanager
def newest_schema() -> Iterator[Connection]:
    """An empty SQLite database in memory with the schema this program was written for."""
    with _in_memory() as connection:
        command.upgrade(alembic_config(connection), "head")
        yield connection


@contextmanager
def _in_memory() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
