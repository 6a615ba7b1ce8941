"""Rebuilds and seals.

Revision: 0005
Follows: 0004
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _digest(size: int) -> Any:
    return sa.LargeBinary(size).with_variant(mysql.BINARY(size), "mysql", "mariadb")


def _word(size: int) -> Any:
    exact = mysql.VARCHAR(size, charset="ascii", collation="ascii_bin")
    return sa.String(size).with_variant(exact, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "rebuilds",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", _digest(32), nullable=False),
        sa.Column("differences", sa.BigInteger(), nullable=False),
        sa.Column("first_difference", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state in ('running', 'active', 'differs')", name=op.f("ck_rebuilds_state")),
        sa.PrimaryKeyConstraint("script_id", "generation", name=op.f("pk_rebuilds")),
        **_OPTIONS,
    )
    op.create_table(
        "script_seals",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", _digest(32), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_seals")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_script_seals_script_id_version_number"), "script_seals", ["script_id", "version_number"])


def downgrade() -> None:
    op.drop_table("script_seals")
    op.drop_table("rebuilds")
