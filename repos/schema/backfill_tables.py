"""Backfill tables: runs, what they have done, and what a legacy application leaves with us besides rows of our own."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, SmallInteger, UniqueConstraint

from repos.schema.core_tables import Bytes, Digest, Moment, Number, Prose, Text, Word, table

# One run at a time: `active` is 1 or NULL, and unique. The mapping is kept as its TOML text; the URL of the source,
# which holds a password, is not.
backfill_runs = table(
    "backfill_runs",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("active", SmallInteger, unique=True),
    Column("source", Text(256), nullable=False),
    Column("mapping", Prose, nullable=False),
    Column("hash_key", Digest(32), nullable=False),
    Column("options", Bytes, nullable=False),
    Column("state", Word(16), nullable=False),
    Column("held_by", Text(256)),
    Column("opened_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("certificate", Bytes),
    Column("certified_at", Moment),
    Column("void", Text(512)),
    CheckConstraint("state in ('planning', 'running', 'paused', 'finished', 'cancelled')", name="state"),
    sqlite_autoincrement=True,
)

# One task each: a script, or a source table of a domain without scripts. `claim` is the fence of a worker.
backfill_items = table(
    "backfill_items",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("run_id", BigInteger, nullable=False),
    Column("domain", Word(32), nullable=False),
    Column("name", Text(256), nullable=False),
    Column("state", Word(16), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("claim", BigInteger, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("checkpoint", Bytes, nullable=False),
    Column("counts", Bytes, nullable=False),
    Column("error", Text(512)),
    CheckConstraint("state in ('due', 'sent', 'running', 'done', 'failed')", name="state"),
    UniqueConstraint("run_id", "domain", "name"),
    Index(None, "run_id", "domain", "state", "id"),
    sqlite_autoincrement=True,
)

# Legacy rows that a run set aside; the reason names a place and never a value. `decision_key` is how the mapping names
# the row, if not by `source_key`; `label` tells it by other columns, if its key may not be shown.
backfill_quarantine = table(
    "backfill_quarantine",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("run_id", BigInteger, nullable=False),
    Column("item_id", BigInteger, nullable=False),
    Column("source_table", Text(256), nullable=False),
    Column("source_key", Prose, nullable=False),
    Column("code", Word(64), nullable=False),
    Column("reason", Text(512), nullable=False),
    Column("source_column", Text(256)),
    Column("length", Integer),
    Column("hash", Word(64)),
    Column("found_at", Moment, nullable=False),
    Column("decision_key", Prose),
    Column("label", Text(256)),
    Index(None, "run_id", "id"),
    Index(None, "item_id", "id"),
    sqlite_autoincrement=True,
)

# What each migrated row became. It is the map of keys, and tells a second run that the row is there already, unless
# the hash of its values has changed.
legacy_keys = table(
    "legacy_keys",
    Column("source_table", Text(256), primary_key=True),
    Column("key_sha256", Digest(32), primary_key=True),
    Column("target", Word(32), nullable=False),
    Column("our_id", BigInteger, nullable=False),
    Column("row_hash", Digest(16), nullable=False),
    Index(None, "target", "our_id"),
)

# The save of a script that each version of the legacy application became; `raw` are its bytes, compressed, where
# they cannot be had back from the lines.
legacy_versions = table(
    "legacy_versions",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("script_id", BigInteger, nullable=False),
    Column("source_table", Text(64), nullable=False),
    Column("source_key", Text(200), nullable=False),
    Column("number", BigInteger),
    Column("version_number", BigInteger, nullable=False),
    Column("saved_at", Moment, nullable=False),
    Column("raw", Bytes),
    UniqueConstraint("script_id", "source_table", "source_key"),
    Index(None, "script_id", "version_number"),
    sqlite_autoincrement=True,
)

# Rows, or columns of rows, without a field of ours. The key and the row are JSON as text, because the JSON type
# rewrites its input; a key may be longer than an index takes.
legacy_rows = table(
    "legacy_rows",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("source_table", Text(256), nullable=False),
    Column("source_key", Prose, nullable=False),
    Column("key_sha256", Digest(32), nullable=False),
    Column("content", Prose, nullable=False),
    Column("kept_at", Moment, nullable=False),
    CheckConstraint("json_valid(source_key) and json_valid(content)", name="json"),
    UniqueConstraint("source_table", "key_sha256"),
    sqlite_autoincrement=True,
)
