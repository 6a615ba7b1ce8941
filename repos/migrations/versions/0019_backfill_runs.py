"""Backfill runs: what they have done, what they set aside, and what each legacy row became.

Revision: 0019
Follows: 0018
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
_PROSE = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def _word(size: int) -> Any:
    return sa.String(size).with_variant(mysql.VARCHAR(size, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def _text(size: int) -> Any:
    return sa.String(size).with_variant(
        mysql.VARCHAR(size, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )


def _digest(size: int) -> Any:
    return sa.LargeBinary(size).with_variant(mysql.BINARY(size), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "backfill_runs",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("active", sa.SmallInteger(), nullable=True),
        sa.Column("source", _text(256), nullable=False),
        sa.Column("mapping", _PROSE, nullable=False),
        sa.Column("hash_key", _digest(32), nullable=False),
        sa.Column("options", _BYTES, nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("held_by", _text(256), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("certificate", _BYTES, nullable=True),
        sa.Column("certified_at", sa.BigInteger(), nullable=True),
        sa.Column("void", _text(512), nullable=True),
        sa.CheckConstraint(
            "state in ('planning', 'running', 'paused', 'finished', 'cancelled')", name=op.f("ck_backfill_runs_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill_runs")),
        sa.UniqueConstraint("active", name=op.f("uq_backfill_runs_active")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "backfill_items",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("domain", _word(32), nullable=False),
        sa.Column("name", _text(256), nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", _BYTES, nullable=False),
        sa.Column("counts", _BYTES, nullable=False),
        sa.Column("error", _text(512), nullable=True),
        sa.CheckConstraint(
            "state in ('due', 'sent', 'running', 'done', 'failed')", name=op.f("ck_backfill_items_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill_items")),
        sa.UniqueConstraint("run_id", "domain", "name", name=op.f("uq_backfill_items_run_id_domain_name")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_backfill_items_run_id_domain_state_id"), "backfill_items", ["run_id", "domain", "state", "id"]
    )
    op.create_table(
        "backfill_quarantine",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("source_table", _text(256), nullable=False),
        sa.Column("source_key", _PROSE, nullable=False),
        sa.Column("code", _word(64), nullable=False),
        sa.Column("reason", _text(512), nullable=False),
        sa.Column("source_column", _text(256), nullable=True),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("hash", _word(64), nullable=True),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill_quarantine")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_backfill_quarantine_run_id_id"), "backfill_quarantine", ["run_id", "id"])
    op.create_index(op.f("ix_backfill_quarantine_item_id_id"), "backfill_quarantine", ["item_id", "id"])
    op.create_table(
        "legacy_keys",
        sa.Column("source_table", _text(256), nullable=False),
        sa.Column("key_sha256", _digest(32), nullable=False),
        sa.Column("target", _word(32), nullable=False),
        sa.Column("our_id", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", _digest(16), nullable=False),
        sa.PrimaryKeyConstraint("source_table", "key_sha256", name=op.f("pk_legacy_keys")),
        **_OPTIONS,
    )
    op.create_index(op.f("ix_legacy_keys_target_our_id"), "legacy_keys", ["target", "our_id"])
    op.create_table(
        "legacy_versions",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("source_table", _text(64), nullable=False),
        sa.Column("source_key", _text(200), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("raw", _BYTES, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legacy_versions")),
        sa.UniqueConstraint(
            "script_id", "source_table", "source_key", name=op.f("uq_legacy_versions_script_id_source_table_source_key")
        ),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_legacy_versions_script_id_version_number"), "legacy_versions", ["script_id", "version_number"]
    )


def downgrade() -> None:
    for name in ("legacy_versions", "legacy_keys", "backfill_quarantine", "backfill_items", "backfill_runs"):
        op.drop_table(name)
