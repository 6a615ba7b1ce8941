"""Alembic environment: migrations use the connection they are given, and nothing from the process environment."""

from __future__ import annotations

from alembic import context

from repos.schema.core_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_server_default=True,
    # SQLite cannot alter a table in place, so batch mode copies it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
