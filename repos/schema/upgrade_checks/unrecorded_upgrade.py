"""An upgrade that was stopped between its last definition, which commits by itself, and its record."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, Connection, inspect, text

from repos.schema import (
    account_tables,
    backfill_tables,
    core_tables,
    derived_tables,
    monitoring_tables,
    proposal_tables,
)
from repos.schema.contents import Contents
from repos.schema.known_schemas import known_schemas
from repos.schema.revision import TABLE, known_revisions, recorded_revision

# Every module of tables: those that no one imports declare nothing.
_MODULES = (account_tables, backfill_tables, core_tables, derived_tables, monitoring_tables, proposal_tables)
# Revisions whose migration defines nothing on a server, or writes rows last: a whole schema does not tell its end.
ENDS_WITH_ROWS = frozenset({"0010", "0012", "0013"})


def unrecorded_revision(connection: Connection, held: Contents) -> str | None:
    """The newest revision if a server has all of its schema and records the one before, else None."""
    *_, before, newest = known_revisions()
    if connection.dialect.name == "sqlite" or newest in ENDS_WITH_ROWS or TABLE not in held.tables:
        return None
    if recorded_revision(connection) != before or known_schemas()[before].tables == known_schemas()[newest].tables:
        return None
    ours = {name for schema in known_schemas().values() for name in schema.tables}
    tables = {name: columns for name, columns in held.tables.items() if name in ours}
    return newest if tables == known_schemas()[newest].tables and _is_as_declared(connection) else None


def record(connection: Connection, revision: str) -> None:
    """Write the revision that an upgrade reached without recording it into Alembic's table."""
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
