"""How Alembic reaches the database: through the connection it is handed, nothing from the environment."""

from __future__ import annotations

from alembic import context

from repos import (  # noqa: F401 - their tables belong to the metadata as well
    conversation_tables,
    derived_tables,
    proposal_tables,
)
from repos.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_server_default=True,
    # SQLite cannot alter a table in place; a batch copies it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
