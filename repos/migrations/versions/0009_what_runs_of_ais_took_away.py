"""Lines deleted by AI runs.

Revision: 0009
Follows: 0008
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    op.create_table(
        "ai_run_losses",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_hash", sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb"), nullable=False),
        sa.Column(
            "run_id",
            sa.String(120).with_variant(
                mysql.VARCHAR(120, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
            ),
            nullable=False,
        ),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("script_id", "run_hash", name=op.f("pk_ai_run_losses")),
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("ai_run_losses")
