"""Projections.

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PROSE = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _word(size: int) -> Any:
    exact = mysql.VARCHAR(size, charset="ascii", collation="ascii_bin")
    return sa.String(size).with_variant(exact, "mysql", "mariadb")


def _text(size: int) -> Any:
    exact = mysql.VARCHAR(size, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(size).with_variant(exact, "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "projection_heads",
        sa.Column("script_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("projected_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("script_id", name=op.f("pk_projection_heads")),
        **_OPTIONS,
    )
    op.create_table(
        "script_lines",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_id", _word(64), nullable=False),
        sa.Column("order_key", sa.BigInteger(), nullable=False),
        sa.Column("format", _word(32), nullable=False),
        sa.Column("text", _PROSE, nullable=False),
        sa.Column("sep", _text(1000), nullable=False),
        sa.Column("attrs", _PROSE, nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("script_id", "line_id", name=op.f("pk_script_lines")),
        **_OPTIONS,
    )
    op.create_index(op.f("ix_script_lines_script_id_order_key"), "script_lines", ["script_id", "order_key"])
    op.create_table(
        "script_elements",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("element_id", _word(64), nullable=False),
        sa.Column("type", _word(64), nullable=False),
        sa.Column("payload", _PROSE, nullable=False),
        sa.Column("source", _word(16), nullable=False),
        sa.PrimaryKeyConstraint("script_id", "element_id", name=op.f("pk_script_elements")),
        **_OPTIONS,
    )
    op.create_table(
        "personas",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("persona_id", _word(64), nullable=False),
        sa.Column("name", _PROSE, nullable=False),
        sa.Column("description", _PROSE, nullable=False),
        sa.Column("payload", _PROSE, nullable=False),
        sa.PrimaryKeyConstraint("script_id", "persona_id", name=op.f("pk_personas")),
        **_OPTIONS,
    )
    op.create_table(
        "version_labels",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name_hash", sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb"), nullable=False),
        sa.Column("name", _text(120), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("script_id", "name_hash", name=op.f("pk_version_labels")),
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("version_labels")
    op.drop_table("personas")
    op.drop_table("script_elements")
    op.drop_table("script_lines")
    op.drop_table("projection_heads")
