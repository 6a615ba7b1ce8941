"""The log and its supporting tables.

Revision: 0001
Follows:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
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


def _digest(size: int) -> Any:
    return sa.LargeBinary(size).with_variant(mysql.BINARY(size), "mysql", "mariadb")


_READABLE_LOG = """
CREATE VIEW script_log AS
SELECT c.script_id, c.version_number, c.kind, c.author, c.actor, {text[payload]} AS payload, {text[cause]} AS cause,
       {text[delta]} AS delta, c.submission_id, c.submission_index, c.base_version, c.occurred_at, c.recorded_at
FROM script_commands c
JOIN script_heads h ON h.script_id = c.script_id
JOIN script_versions v ON v.script_id = c.script_id AND v.version_number = c.version_number
     AND v.generation = h.generation
"""


def _as_text(dialect: str) -> dict[str, str]:
    shape = "CAST({} AS TEXT)" if dialect == "sqlite" else "CONVERT({} USING utf8mb4)"
    return {name: shape.format(column) for name, column in _COLUMNS.items()}


_COLUMNS = {"payload": "c.payload", "cause": "c.cause", "delta": "v.delta"}


def upgrade() -> None:
    op.create_table(
        "bells",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rings", sa.Integer(), nullable=False),
        sa.Column("rung_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("script_id", name=op.f("pk_bells")),
        **_OPTIONS,
    )
    op.create_table(
        "leases",
        sa.Column("name", _word(64), nullable=False),
        sa.Column("holder", _word(120), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        **_OPTIONS,
    )
    op.create_table(
        "rejected_submissions",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", _word(64), nullable=False),
        sa.Column("code", _word(64), nullable=False),
        sa.Column("message", _text(1000), nullable=False),
        sa.Column("payload", _BYTES, nullable=False),
        sa.Column("rejected_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_submissions")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("rejected_submissions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rejected_submissions_rejected_at"), ["rejected_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_rejected_submissions_script_id_submission_id"), ["script_id", "submission_id"], unique=False
        )

    op.create_table(
        "script_heads",
        sa.Column("script_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column(
            "chain_hash",
            _digest(32),
            nullable=False,
        ),
        sa.Column(
            "state_hash",
            _digest(16),
            nullable=False,
        ),
        sa.Column("keyframe_version", sa.BigInteger(), nullable=False),
        sa.Column("keyframe_bytes", sa.BigInteger(), nullable=False),
        sa.Column("delta_bytes", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("health", _word(16), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("health in ('open', 'quarantined')", name=op.f("ck_script_heads_health")),
        sa.CheckConstraint("keyframe_version <= version_number", name=op.f("ck_script_heads_keyframe_behind_head")),
        sa.PrimaryKeyConstraint("script_id", name=op.f("pk_script_heads")),
        **_OPTIONS,
    )
    op.create_table(
        "script_ids",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_ids")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "submission_inbox",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", _word(64), nullable=False),
        sa.Column("payload", _BYTES, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("enqueued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_inbox")),
        sa.UniqueConstraint("script_id", "submission_id", name=op.f("uq_submission_inbox_script_id_submission_id")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("submission_inbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_inbox_script_id_id"), ["script_id", "id"], unique=False)

    op.create_table(
        "submissions",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("submission_id", _word(64), nullable=False),
        sa.Column(
            "content_hash",
            _digest(32),
            nullable=False,
        ),
        sa.Column("outcome", _word(16), nullable=False),
        sa.Column("first_version", sa.BigInteger(), nullable=True),
        sa.Column("last_version", sa.BigInteger(), nullable=True),
        sa.Column("reason", _word(64), nullable=True),
        sa.Column("answer", _BYTES, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("outcome in ('applied', 'partly', 'no_op', 'refused')", name=op.f("ck_submissions_outcome")),
        sa.PrimaryKeyConstraint("script_id", "submission_id", name=op.f("pk_submissions")),
        **_OPTIONS,
    )
    op.create_table(
        "users",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("email", _text(320), nullable=False),
        sa.Column("email_key", _text(320), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "script_commands",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", _word(64), nullable=False),
        sa.Column("payload", _BYTES, nullable=False),
        sa.Column("author", _word(16), nullable=False),
        sa.Column("actor", _text(120), nullable=False),
        sa.Column("base_version", sa.BigInteger(), nullable=False),
        sa.Column("cause", _BYTES, nullable=False),
        sa.Column("submission_id", _word(64), nullable=False),
        sa.Column("submission_index", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "chain_hash",
            _digest(32),
            nullable=False,
        ),
        sa.CheckConstraint(
            "author in ('user', 'ai', 'system', 'import', 'backfill')", name=op.f("ck_script_commands_author")
        ),
        sa.CheckConstraint("version_number >= 1", name=op.f("ck_script_commands_from_one")),
        sa.ForeignKeyConstraint(["script_id"], ["script_heads.script_id"], name=op.f("fk_script_commands_script_id")),
        sa.PrimaryKeyConstraint("script_id", "version_number", name=op.f("pk_script_commands")),
        **_OPTIONS,
    )
    op.create_table(
        "scripts",
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("user_id", _NUMBER, nullable=True),
        sa.Column("title", _text(500), nullable=False),
        sa.Column("status", _word(16), nullable=False),
        sa.Column("archived", sa.SmallInteger(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["script_heads.script_id"], name=op.f("fk_scripts_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_scripts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scripts")),
        **_OPTIONS,
    )
    with op.batch_alter_table("scripts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scripts_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "script_keyframes",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", _BYTES, nullable=False),
        sa.Column(
            "state_hash",
            _digest(16),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["script_id", "version_number"],
            ["script_commands.script_id", "script_commands.version_number"],
            name=op.f("fk_script_keyframes_script_id_version_number"),
        ),
        sa.PrimaryKeyConstraint("script_id", "version_number", "generation", name=op.f("pk_script_keyframes")),
        **_OPTIONS,
    )
    op.create_table(
        "script_versions",
        sa.Column("script_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("delta", _BYTES, nullable=False),
        sa.Column(
            "state_hash",
            _digest(16),
            nullable=False,
        ),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["script_id", "version_number"],
            ["script_commands.script_id", "script_commands.version_number"],
            name=op.f("fk_script_versions_script_id_version_number"),
        ),
        sa.PrimaryKeyConstraint("script_id", "version_number", "generation", name=op.f("pk_script_versions")),
        **_OPTIONS,
    )
    op.execute(_READABLE_LOG.format(text=_as_text(op.get_bind().dialect.name)))


def downgrade() -> None:
    # Indexes are dropped with their tables: MariaDB does not drop an index that a foreign key needs.
    op.execute("DROP VIEW script_log")
    for table in (
        "script_versions",
        "script_keyframes",
        "scripts",
        "script_commands",
        "users",
        "submissions",
        "submission_inbox",
        "script_ids",
        "script_heads",
        "rejected_submissions",
        "leases",
        "bells",
    ):
        op.drop_table(table)
