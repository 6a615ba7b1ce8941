"""Content written by AIs.

Revision: 0016
Follows: 0015
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _word(size: int) -> Any:
    return sa.String(size).with_variant(mysql.VARCHAR(size, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "ai_writings",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("thing", _word(80), nullable=False),
        sa.Column("content", _word(12), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("script_id", "thing", name=op.f("pk_ai_writings")),
        **_OPTIONS,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("ai_writings")
