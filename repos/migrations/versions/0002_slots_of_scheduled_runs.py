"""Slots of scheduled runs.

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _word(size: int) -> sa.String:
    exact = mysql.VARCHAR(size, charset="ascii", collation="ascii_bin")
    return sa.String(size).with_variant(exact, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "schedule_slots",
        sa.Column("schedule", _word(64), primary_key=True),
        sa.Column("slot_at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("report", sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"), nullable=False),
        sa.CheckConstraint("state in ('running', 'done', 'failed')", name="state"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    op.drop_table("schedule_slots")
