"""Known schemas: the contents of a database at each revision, as the migrations make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, Connection, Engine, create_engine, inspect, text
from sqlalchemy.pool import StaticPool

from repos.schema import (
    account_tables,
    backfill_tables,
    core_tables,
    derived_tables,
    monitoring_tables,
    proposal_tables,
)
from repos.schema.contents import Contents, contents_of
from repos.schema.revision import MIGRATIONS, TABLE, connected, known_revisions, recorded_revision

# Every module of tables: those that no one imports declare nothing.
_MODULES = (account_tables, backfill_tables, core_tables, derived_tables, monitoring_tables, proposal_tables)
# Revisions whose migration defines nothing on a server, or writes rows last: a whole schema does not tell its end.
ENDS_WITH_ROWS = frozenset({"0010", "0012", "0013"})


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


def unrecorded_upgrade(engine: Engine) -> str | None:
    """The revision that an upgrade reached and was stopped before it could record it: the next one records it."""
    if engine.dialect.name == "sqlite":
        return None  # all migrations and their record are one transaction; nor may the check open a file of others
    with connected(engine) as connection:
        return unrecorded_revision(connection, contents_of(connection))


def unrecorded_revision(connection: Connection, held: Contents) -> str | None:
    """The newest revision if a server has all of its schema and records the one before, else None.

    An upgrade was stopped between the last definition, which commits by itself, and the record.
    """
    *_, before, newest = known_revisions()
    if connection.dialect.name == "sqlite" or newest in ENDS_WITH_ROWS or TABLE not in held.tables:
        return None
    if recorded_revision(connection) != before or known_schemas()[before].tables == known_schemas()[newest].tables:
        return None
    ours = {name for schema in known_schemas().values() for name in schema.tables}
    tables = {name: columns for name, columns in held.tables.items() if name in ours}
    return newest if tables == known_schemas()[newest].tables and _is_as_declared(connection) else None


def record_unrecorded(connection: Connection) -> None:
    """Write the revision that an upgrade reached without recording it, if any, into Alembic's table."""
    if revision := unrecorded_revision(connection, contents_of(connection)):
        update = text(f"UPDATE {TABLE} SET version_num = :revision")  # noqa: S608 - a constant name
        connection.execute(update, {"revision": revision})
        connection.commit()


def _is_as_declared(connection: Connection) -> bool:
    """Whether our tables have the columns, keys, constraints and indexes that they are declared with."""

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in core_tables.metadata.tables

    def default_differs(_context: object, _found: object, column: Column[object], *_: object) -> bool | None:
        # `gates install` sets this one.
        return False if column.table.name == core_tables.submission_inbox.name and column.name == "account" else None

    options = {"include_name": is_ours, "compare_server_default": default_differs}
    context = MigrationContext.configure(connection, opts=options)
    if compare_metadata(context, core_tables.metadata):
        return False
    keys = inspect(connection).get_multi_pk_constraint()
    query = text(
        "SELECT table_name, constraint_name FROM information_schema.table_constraints"
        " WHERE table_schema = DATABASE() AND constraint_type = 'CHECK'"
    )
    checks = {(str(table), str(name)) for table, name in connection.execute(query)}
    return all(
        keys[None, table.name]["constrained_columns"] == [column.name for column in table.primary_key]
        and {each.name for each in table.constraints if isinstance(each, CheckConstraint)}
        == {name for of_table, name in checks if of_table == table.name}
        for table in core_tables.metadata.sorted_tables
    )


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
