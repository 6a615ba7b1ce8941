"""Account tables: sign-ins, chat, the cost of its models; and the database accounts of programs.

None has a foreign key to a script's head, which would make a chat message wait for the worker that holds the head.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer

from repos.schema.core_tables import Digest, Moment, Number, Prose, Text, Word, table

sessions = table(
    "sessions",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("user_id", Number, ForeignKey("users.id"), nullable=False),
    Column("token_sha256", Digest(32), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Index(None, "user_id", "id"),
    Index(None, "expires_at"),
    sqlite_autoincrement=True,
)

chat_messages = table(
    "chat_messages",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("script_id", BigInteger),
    Column("user_id", Number, ForeignKey("users.id")),
    Column("answers", Number, ForeignKey("chat_messages.id")),
    Column("role", Word(16), nullable=False),
    Column("intent", Text(64)),
    Column("content", Prose, nullable=False),
    # JSON as text, because the JSON type rewrites its input.
    Column("metadata", Prose, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("role in ('user', 'assistant', 'system', 'tool')", name="role"),
    Index(None, "script_id", "id"),
    Index(None, "user_id", "id"),
    sqlite_autoincrement=True,
)

chat_message_usage = table(
    "chat_message_usage",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("message_id", Number, ForeignKey("chat_messages.id"), nullable=False),
    Column("model", Text(120), nullable=False),
    Column("tokens_in", BigInteger),
    Column("tokens_out", BigInteger),
    Column("cost_micros", BigInteger),
    Column("currency", Word(8), nullable=False),
    Column("latency_ms", Integer),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("tokens_in >= 0 and tokens_out >= 0 and cost_micros >= 0 and latency_ms >= 0", name="not_negative"),
    Index(None, "message_id", "id"),
    sqlite_autoincrement=True,
)

database_accounts = table(
    "database_accounts",
    Column("id", Number, primary_key=True, autoincrement=True),
    # As CURRENT_USER() has it: name@host.
    Column("account", Text(384), nullable=False, unique=True),
    Column("role", Word(16), nullable=False),
    Column("installed_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
