"""Core tables: the log, the inbox and the answers. Private to `repos`: the layers above use immutable values.

Times are whole microseconds since 1970 UTC: no time zone, no zero date, no lost fraction, the same in every database.
Payloads, deltas and keyframes are bytes, because a JSON column rewrites its input.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy import Text as UnlimitedText
from sqlalchemy.dialects import mysql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite assigns ids only to an INTEGER PRIMARY KEY.
Number = BigInteger().with_variant(Integer, "sqlite")
Moment = BigInteger
Bytes = LargeBinary().with_variant(mysql.LONGBLOB, "mysql", "mariadb")


def Digest(size: int) -> Any:  # noqa: N802 - reads as a type
    """A hash of a fixed number of bytes."""
    return LargeBinary(size).with_variant(mysql.BINARY(size), "mysql", "mariadb")


def Word(size: int) -> Any:  # noqa: N802 - reads as a type
    """ASCII compared byte by byte: ids, kinds, codes."""
    exact = mysql.VARCHAR(size, charset="ascii", collation="ascii_bin")
    return String(size).with_variant(exact, "mysql", "mariadb")


Prose = UnlimitedText().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def Text(size: int) -> Any:  # noqa: N802 - reads as a type
    """Text written by people, compared code point by code point."""
    exact = mysql.VARCHAR(size, charset="utf8mb4", collation="utf8mb4_bin")
    return String(size).with_variant(exact, "mysql", "mariadb")


def table(name: str, *parts: Any, **options: Any) -> Table:
    """A table with the common options: InnoDB, full Unicode, compared code point by code point."""
    return Table(
        name,
        metadata,
        *parts,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
        **options,
    )


# A command of an AI names its model, its run, and its prompt or the prompt's hash.
AI_SAYS_WHY = """author <> 'ai' OR (
  COALESCE(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.model')), '') <> ''
  AND COALESCE(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.run_id')), '') <> ''
  AND COALESCE(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.prompt')),
               JSON_UNQUOTE(JSON_EXTRACT(CONVERT(cause USING utf8mb4), '$.prompt_sha256')), '') <> '')"""
AI_SAYS_WHY_ON_SQLITE = """author <> 'ai' OR (
  COALESCE(JSON_EXTRACT(CAST(cause AS TEXT), '$.model'), '') <> ''
  AND COALESCE(JSON_EXTRACT(CAST(cause AS TEXT), '$.run_id'), '') <> ''
  AND COALESCE(JSON_EXTRACT(CAST(cause AS TEXT), '$.prompt'),
               JSON_EXTRACT(CAST(cause AS TEXT), '$.prompt_sha256'), '') <> '')"""


def one_of(column: str, *words: str) -> str:
    """A check of the values of a column. Without IN: for more than two words SQLite builds a table for every row."""
    return " OR ".join(f"{column} = '{word}'" for word in words)


users = table(
    "users",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("email", Text(320), nullable=False),
    Column("email_key", Text(320), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    Column("name", Text(200)),
    sqlite_autoincrement=True,
)

# Apart from users, because an account that may read one column of a table reads whole rows with HANDLER.
user_passwords = table(
    "user_passwords",
    Column("user_id", Number, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("password", Text(500), nullable=False),
)

script_ids = table(
    "script_ids",
    Column("id", Number, primary_key=True, autoincrement=True),
    # The user the id was assigned to; NULL for programs with credentials of their own.
    Column("user_id", BigInteger),
    sqlite_autoincrement=True,
)

script_heads = table(
    "script_heads",
    Column("script_id", Number, primary_key=True, autoincrement=False),
    Column("version_number", BigInteger, nullable=False),
    Column("chain_hash", Digest(32), nullable=False),
    Column("state_hash", Digest(16), nullable=False),
    Column("keyframe_version", BigInteger, nullable=False),
    Column("keyframe_bytes", BigInteger, nullable=False),
    Column("delta_bytes", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("health", Word(16), nullable=False),
    Column("updated_at", Moment, nullable=False),
    # How many transactions wrote this row without changing the head. Never read.
    Column("touches", BigInteger, nullable=False, server_default="0"),
    CheckConstraint(one_of("health", "open", "backfilling", "quarantined"), name="health"),
    CheckConstraint("keyframe_version <= version_number", name="keyframe_behind_head"),
)

scripts = table(
    "scripts",
    Column("id", Number, ForeignKey("script_heads.script_id"), primary_key=True, autoincrement=False),
    Column("user_id", BigInteger().with_variant(Integer, "sqlite"), ForeignKey("users.id")),
    Column("title", Text(500), nullable=False),
    Column("status", Word(16), nullable=False),
    Column("archived", SmallInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    # When a legacy application changed the script last. It counts while the head is at this version.
    Column("legacy_version", BigInteger),
    Column("legacy_updated_at", Moment),
    Index(None, "user_id", "id"),
)

script_commands = table(
    "script_commands",
    Column("script_id", BigInteger, ForeignKey("script_heads.script_id"), primary_key=True, autoincrement=False),
    Column("version_number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Word(64), nullable=False),
    Column("payload", Bytes, nullable=False),
    Column("author", Word(16), nullable=False),
    Column("actor", Text(120), nullable=False),
    Column("base_version", BigInteger, nullable=False),
    Column("cause", Bytes, nullable=False),
    Column("submission_id", Word(64), nullable=False),
    Column("submission_index", Integer, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("chain_hash", Digest(32), nullable=False),
    CheckConstraint(one_of("author", "user", "ai", "system", "import", "backfill"), name="author"),
    CheckConstraint("version_number >= 1", name="from_one"),
    CheckConstraint(AI_SAYS_WHY, name="ai_says_why").ddl_if(dialect="mysql"),
    CheckConstraint(AI_SAYS_WHY_ON_SQLITE, name="ai_says_why").ddl_if(dialect="sqlite"),
    # Rows are stored by their key, which saves one page per write; versions and submissions do the same.
    sqlite_with_rowid=False,
)

script_versions = table(
    "script_versions",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_number", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("delta", Bytes, nullable=False),
    Column("state_hash", Digest(16), nullable=False),
    Column("line_count", Integer, nullable=False),
    ForeignKeyConstraint(
        ["script_id", "version_number"], ["script_commands.script_id", "script_commands.version_number"]
    ),
    sqlite_with_rowid=False,
)

script_keyframes = table(
    "script_keyframes",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_number", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("state", Bytes, nullable=False),
    Column("state_hash", Digest(16), nullable=False),
    ForeignKeyConstraint(
        ["script_id", "version_number"], ["script_commands.script_id", "script_commands.version_number"]
    ),
)

submissions = table(
    "submissions",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("submission_id", Word(64), primary_key=True),
    Column("content_hash", Digest(32), nullable=False),
    Column("outcome", Word(16), nullable=False),
    Column("first_version", BigInteger),
    Column("last_version", BigInteger),
    Column("reason", Word(64)),
    Column("answer", Bytes, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    # The database account that sent it (database_accounts.id); NULL if it is not a listed one.
    Column("account_id", SmallInteger),
    CheckConstraint(one_of("outcome", "applied", "partly", "no_op", "refused"), name="outcome"),
    sqlite_with_rowid=False,
)

submission_inbox = table(
    "submission_inbox",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("script_id", BigInteger, nullable=False),
    Column("submission_id", Word(64), nullable=False),
    Column("payload", Bytes, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("enqueued_at", Moment, nullable=False),
    # The signed-in user who sent it; NULL for programs with credentials of their own.
    Column("user_id", BigInteger),
    # The database account that inserted the row, written by the server where `gates install` made it do so.
    Column("account", Text(384)),
    UniqueConstraint("script_id", "submission_id"),
    # For reading in arrival order without a sort: sorting rows with payloads uses a table on disk.
    Index(None, "script_id", "id"),
    sqlite_autoincrement=True,
)

rejected_submissions = table(
    "rejected_submissions",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("script_id", BigInteger, nullable=False),
    Column("submission_id", Word(64), nullable=False),
    Column("code", Word(64), nullable=False),
    Column("message", Text(1000), nullable=False),
    Column("payload", Bytes, nullable=False),
    Column("rejected_at", Moment, nullable=False),
    # The signed-in user who sent it, also used when it is resent; NULL for programs with credentials of their own.
    Column("user_id", BigInteger),
    # If the payload was cut: the size and SHA-256 of the original.
    Column("whole_bytes", BigInteger),
    Column("whole_sha256", Digest(32)),
    # The database account that sent it.
    Column("account", Text(384)),
    Index(None, "script_id", "submission_id"),
    Index(None, "rejected_at"),
    # For the operator: how many of each code, and the latest of one.
    Index(None, "code", "rejected_at"),
    Index("ix_rejected_submissions_of_script", "script_id", "rejected_at"),
    sqlite_autoincrement=True,
)

bells = table(
    "bells",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("rings", Integer, nullable=False),
    Column("rung_at", Moment, nullable=False),
    Column("arrival", BigInteger, nullable=False, server_default="0"),
)

leases = table(
    "leases",
    Column("name", Word(64), primary_key=True),
    Column("holder", Word(120), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

schedule_slots = table(
    "schedule_slots",
    Column("schedule", Word(64), primary_key=True),
    Column("slot_at", Moment, primary_key=True, autoincrement=False),
    Column("state", Word(16), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("report", Bytes, nullable=False),
    CheckConstraint("state in ('running', 'done', 'failed')", name="state"),
)
