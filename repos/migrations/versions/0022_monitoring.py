"""Which roles run, what the workers did minute by minute, and indexes for the operator's queries.

Revision: 0022
Follows: 0021
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_INDEXES = (
    ("rejected_submissions", "ix_rejected_submissions_code_rejected_at", ["code", "rejected_at"]),
    ("quarantines", "ix_quarantines_reopened_at_script_id", ["reopened_at", "script_id"]),
    ("rebuilds", "ix_rebuilds_state", ["state"]),
)


def _word(size: int) -> Any:
    return sa.String(size).with_variant(mysql.VARCHAR(size, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    host = sa.String(255).with_variant(
        mysql.VARCHAR(255, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )
    op.create_table(
        "role_heartbeats",
        sa.Column("role", _word(64), nullable=False),
        sa.Column("host", host, nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('starting', 'consuming', 'disconnected', 'stopped')", name=op.f("ck_role_heartbeats_state")
        ),
        sa.PrimaryKeyConstraint("role", "host", name=op.f("pk_role_heartbeats")),
        **_OPTIONS,
    )
    op.create_table(
        "activity_counts",
        sa.Column("minute_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("measure", _word(16), nullable=False),
        sa.Column("label", _word(64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute_at", "measure", "label", name=op.f("pk_activity_counts")),
        **_OPTIONS,
    )
    for table, name, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for table, name, _ in reversed(_INDEXES):
        op.drop_index(name, table)
    op.drop_table("activity_counts")
    op.drop_table("role_heartbeats")
