"""Rows of a legacy application without a field of ours.

Revision: 0017
Follows: 0016
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_PROSE = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    name = sa.String(256).with_variant(
        mysql.VARCHAR(256, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )
    op.create_table(
        "legacy_rows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source_table", name, nullable=False),
        sa.Column("source_key", _PROSE, nullable=False),
        sa.Column("key_sha256", sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb"), nullable=False),
        sa.Column("content", _PROSE, nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("json_valid(source_key) and json_valid(content)", name=op.f("ck_legacy_rows_json")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legacy_rows")),
        sa.UniqueConstraint("source_table", "key_sha256", name=op.f("uq_legacy_rows_source_table_key_sha256")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("legacy_rows")
