"""The view of the log runs with the privileges of its reader instead of those of the account that created it.

A dump that is restored under another account keeps a view that can be read: the account that created it may be gone.

Revision: 0024
Follows: 0023
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_QUERY = """
SELECT c.script_id AS script_id, c.version_number AS version_number, c.kind AS kind, c.author AS author,
       c.actor AS actor, CONVERT(c.payload USING utf8mb4) AS payload, CONVERT(c.cause USING utf8mb4) AS cause,
       CONVERT(v.delta USING utf8mb4) AS delta, c.submission_id AS submission_id,
       c.submission_index AS submission_index, c.base_version AS base_version, c.occurred_at AS occurred_at,
       c.recorded_at AS recorded_at
FROM ((script_commands c
JOIN script_heads h ON h.script_id = c.script_id)
JOIN script_versions v ON v.script_id = c.script_id AND v.version_number = c.version_number
     AND v.generation = h.generation)
"""


def upgrade() -> None:
    _create("INVOKER")


def downgrade() -> None:
    _create("DEFINER")


def _create(security: str) -> None:
    # SQLite has no accounts.
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"CREATE OR REPLACE SQL SECURITY {security} VIEW script_log AS {_QUERY}")
