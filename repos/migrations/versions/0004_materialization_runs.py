"""Materialization runs.

Revision: 0004
Follows: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB, "mysql", "mariadb")
_PROSE = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _word(size: int) -> Any:
    exact = mysql.VARCHAR(size, charset="ascii", collation="ascii_bin")
    return sa.String(size).with_variant(exact, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "materialization_runs",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("lag_versions", sa.BigInteger(), nullable=False),
        sa.Column("lag_micros", sa.BigInteger(), nullable=False),
        sa.Column("verified_upto", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_materialization_runs")),
        sa.UniqueConstraint("slot_at", name=op.f("uq_materialization_runs_slot_at")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "materialization_items",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("verify", sa.SmallInteger(), nullable=False),
        sa.Column("report", _BYTES, nullable=False),
        sa.CheckConstraint(
            "state in ('due', 'running', 'done', 'failed')", name=op.f("ck_materialization_items_state")
        ),
        sa.PrimaryKeyConstraint("run_id", "script_id", name=op.f("pk_materialization_items")),
        **_OPTIONS,
    )
    op.create_index(op.f("ix_materialization_items_state_run_id"), "materialization_items", ["state", "run_id"])
    op.create_table(
        "quarantines",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("found_by", _word(64), nullable=False),
        sa.Column("reason", _PROSE, nullable=False),
        sa.Column("quarantined_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantines")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_quarantines_script_id_id"), "quarantines", ["script_id", "id"])


def downgrade() -> None:
    op.drop_table("quarantines")
    op.drop_table("materialization_items")
    op.drop_table("materialization_runs")
