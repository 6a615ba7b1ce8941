"""Pauses of drains, and an index that lists the dead letters of a script newest first.

Revision: 0023
Follows: 0022
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_INDEX = "ix_rejected_submissions_of_script"


def _text(size: int) -> Any:
    exact = mysql.VARCHAR(size, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(size).with_variant(exact, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "drain_pauses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=False),
        sa.Column("paused_by", _text(120), nullable=False),
        sa.Column("reason", _text(500), nullable=False),
        sa.Column("active", sa.SmallInteger(), nullable=True),
        sa.Column("resumed_at", sa.BigInteger(), nullable=True),
        sa.Column("resumed_by", _text(120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drain_pauses")),
        sa.UniqueConstraint("active", name=op.f("uq_drain_pauses_active")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(_INDEX, "rejected_submissions", ["script_id", "rejected_at"])


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="rejected_submissions")
    op.drop_table("drain_pauses")
