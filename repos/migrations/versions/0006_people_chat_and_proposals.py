"""Users, chat and proposals.

Revision: 0006
Follows: 0005
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
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


def _digest(size: int) -> Any:
    return sa.LargeBinary(size).with_variant(mysql.BINARY(size), "mysql", "mariadb")


_AI_SAYS_WHY = """author <> 'ai' OR (
  COALESCE(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.model')), '') <> ''
  AND COALESCE(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.run_id')), '') <> ''
  AND COALESCE(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.prompt')),
               JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.prompt_sha256')), '') <> '')"""

# SQLite cannot add a CHECK to an existing table, and this one cannot be copied because others refer to it.
_AI_SAYS_WHY_ON_SQLITE = """
CREATE TRIGGER script_commands_ai_says_why BEFORE INSERT ON script_commands
WHEN NEW.author = 'ai' AND (
  COALESCE(JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.model'), '') = ''
  OR COALESCE(JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.run_id'), '') = ''
  OR COALESCE(JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.prompt'),
              JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.prompt_sha256'), '') = '')
BEGIN
  SELECT RAISE(ABORT, 'CHECK constraint failed: ck_script_commands_ai_says_why');
END
"""


def upgrade() -> None:
    op.add_column("users", sa.Column("name", _text(200), nullable=True))
    op.add_column("users", sa.Column("password", _text(500), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_AI_SAYS_WHY_ON_SQLITE)
    else:
        op.create_check_constraint(op.f("ck_script_commands_ai_says_why"), "script_commands", sa.text(_AI_SAYS_WHY))
    _create_sessions()
    _create_chat()
    _create_proposals()


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("user_id", _NUMBER, nullable=False),
        sa.Column("token_sha256", _digest(32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sessions_token_sha256")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sessions_user_id_id"), "sessions", ["user_id", "id"])
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])


def _create_chat() -> None:
    op.create_table(
        "chat_messages",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", _NUMBER, nullable=True),
        sa.Column("answers", _NUMBER, nullable=True),
        sa.Column("role", _word(16), nullable=False),
        sa.Column("intent", _text(64), nullable=True),
        sa.Column("content", _PROSE, nullable=False),
        sa.Column("metadata", _PROSE, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role in ('user', 'assistant', 'system', 'tool')", name=op.f("ck_chat_messages_role")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_chat_messages_user_id")),
        sa.ForeignKeyConstraint(["answers"], ["chat_messages.id"], name=op.f("fk_chat_messages_answers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_chat_messages_script_id_id"), "chat_messages", ["script_id", "id"])
    op.create_index(op.f("ix_chat_messages_user_id_id"), "chat_messages", ["user_id", "id"])
    op.create_table(
        "chat_message_usage",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("message_id", _NUMBER, nullable=False),
        sa.Column("model", _text(120), nullable=False),
        sa.Column("tokens_in", sa.BigInteger(), nullable=True),
        sa.Column("tokens_out", sa.BigInteger(), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", _word(8), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "tokens_in >= 0 and tokens_out >= 0 and cost_micros >= 0 and latency_ms >= 0",
            name=op.f("ck_chat_message_usage_not_negative"),
        ),
        sa.ForeignKeyConstraint(["message_id"], ["chat_messages.id"], name=op.f("fk_chat_message_usage_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_message_usage")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_chat_message_usage_message_id_id"), "chat_message_usage", ["message_id", "id"])


def _create_proposals() -> None:
    op.create_table(
        "ai_proposals",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", _NUMBER, nullable=True),
        sa.Column("chat_message_id", _NUMBER, nullable=True),
        sa.Column("run_id", _text(120), nullable=False),
        sa.Column("instruction", _PROSE, nullable=False),
        sa.Column("base_version", sa.BigInteger(), nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("model", _text(120), nullable=True),
        sa.Column("prompt_sha256", _word(64), nullable=True),
        sa.Column("code", _word(64), nullable=True),
        sa.Column("message", _text(1000), nullable=True),
        sa.Column("fence", sa.SmallInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('queued', 'proposed', 'accepted', 'partly_accepted', 'rejected', 'stale', 'failed')",
            name=op.f("ck_ai_proposals_state"),
        ),
        sa.CheckConstraint(
            "state in ('queued', 'failed') or "
            "(coalesce(model, '') <> '' and run_id <> '' and coalesce(prompt_sha256, '') <> '')",
            name=op.f("ck_ai_proposals_says_why"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ai_proposals_user_id")),
        sa.ForeignKeyConstraint(
            ["chat_message_id"], ["chat_messages.id"], name=op.f("fk_ai_proposals_chat_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_proposals")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ai_proposals_script_id_id"), "ai_proposals", ["script_id", "id"])
    op.create_index(op.f("ix_ai_proposals_state_id"), "ai_proposals", ["state", "id"])
    op.create_table(
        "ai_proposal_hunks",
        sa.Column("proposal_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("hunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", _digest(32), nullable=False),
        sa.Column("commands", _BYTES, nullable=False),
        sa.Column("why", _text(1000), nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.Column("submission_id", _word(64), nullable=False),
        sa.Column("code", _word(64), nullable=True),
        sa.Column("decided_by", _NUMBER, nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('offered', 'withheld', 'accepting', 'accepted', 'stale', 'rejected')",
            name=op.f("ck_ai_proposal_hunks_state"),
        ),
        sa.ForeignKeyConstraint(["proposal_id"], ["ai_proposals.id"], name=op.f("fk_ai_proposal_hunks_proposal_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_ai_proposal_hunks_decided_by")),
        sa.PrimaryKeyConstraint("proposal_id", "hunk", name=op.f("pk_ai_proposal_hunks")),
        **_OPTIONS,
    )
    op.create_index(
        op.f("ix_ai_proposal_hunks_script_id_content_hash"), "ai_proposal_hunks", ["script_id", "content_hash"]
    )


def downgrade() -> None:
    for table in ("ai_proposal_hunks", "ai_proposals", "chat_message_usage", "chat_messages", "sessions"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER script_commands_ai_says_why")
    else:
        op.execute("ALTER TABLE script_commands DROP CONSTRAINT ck_script_commands_ai_says_why")
    op.drop_column("users", "password")
    op.drop_column("users", "name")
