"""Verifications, and how quarantines ended.

Revision: 0007
Follows: 0006
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _digest(size: int) -> Any:
    return sa.LargeBinary(size).with_variant(mysql.BINARY(size), "mysql", "mariadb")


def _text(size: int) -> Any:
    exact = mysql.VARCHAR(size, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(size).with_variant(exact, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "verifications",
        sa.Column(
            "script_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", _digest(32), nullable=False),
        sa.Column("state_digest", _digest(32), nullable=False),
        sa.Column("keyframes", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("script_id", name=op.f("pk_verifications")),
        **_OPTIONS,
    )
    op.add_column("quarantines", sa.Column("reopened_at", sa.BigInteger(), nullable=True))
    op.add_column("quarantines", sa.Column("reopened_by", _text(120), nullable=True))
    op.add_column("quarantines", sa.Column("verified", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("quarantines") as batch:
        for column in ("verified", "reopened_by", "reopened_at"):
            batch.drop_column(column)
    op.drop_table("verifications")
