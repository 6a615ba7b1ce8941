"""Derived tables: projections, which can be derived from the log again, and records of runs and integrity checks."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, SmallInteger

from repos.schema.core_tables import Bytes, Digest, Moment, Number, Prose, Text, Word, table

projection_heads = table(
    "projection_heads",
    Column("script_id", Number, primary_key=True, autoincrement=False),
    Column("version_number", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("projected_at", Moment, nullable=False),
)

script_lines = table(
    "script_lines",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line_id", Word(64), primary_key=True),
    Column("order_key", BigInteger, nullable=False),
    Column("format", Word(32), nullable=False),
    Column("text", Prose, nullable=False),
    Column("sep", Text(1000), nullable=False),
    Column("attrs", Prose, nullable=False),
    Column("version_number", BigInteger, nullable=False),
    # Not unique: keys are swapped while those of a range of lines are reassigned.
    Index(None, "script_id", "order_key"),
)

script_elements = table(
    "script_elements",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("element_id", Word(64), primary_key=True),
    Column("type", Word(64), nullable=False),
    Column("payload", Prose, nullable=False),
    Column("source", Word(16), nullable=False),
)

personas = table(
    "personas",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("persona_id", Word(64), primary_key=True),
    Column("name", Prose, nullable=False),
    Column("description", Prose, nullable=False),
    Column("payload", Prose, nullable=False),
)

version_labels = table(
    "version_labels",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    # Keyed by hash: a database treats "White draft" and "White draft " as one name.
    Column("name_hash", Digest(16), primary_key=True),
    Column("name", Text(120), nullable=False),
    Column("version_number", BigInteger, nullable=False),
    Column("color", Word(16)),
    Column("locked", SmallInteger, nullable=False, server_default="0"),
)

materialization_runs = table(
    "materialization_runs",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("slot_at", Moment, nullable=False, unique=True),
    Column("opened_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("due", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("lag_versions", BigInteger, nullable=False),
    Column("lag_micros", BigInteger, nullable=False),
    Column("verified_upto", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

materialization_items = table(
    "materialization_items",
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Word(16), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("verify", SmallInteger, nullable=False),
    Column("report", Bytes, nullable=False),
    CheckConstraint("state in ('due', 'running', 'done', 'failed')", name="state"),
    Index(None, "state", "run_id"),
)

quarantines = table(
    "quarantines",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("script_id", BigInteger, nullable=False),
    Column("found_by", Word(64), nullable=False),
    Column("reason", Prose, nullable=False),
    Column("quarantined_at", Moment, nullable=False),
    Column("reopened_at", Moment),
    Column("reopened_by", Text(120)),
    Column("verified", SmallInteger),
    Column("health_before", Word(16), nullable=False, server_default="open"),
    Index(None, "script_id", "id"),
    Index(None, "reopened_at", "script_id"),
    sqlite_autoincrement=True,
)

rebuilds = table(
    "rebuilds",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("state", Word(16), nullable=False),
    Column("version_number", BigInteger, nullable=False),
    Column("chain_hash", Digest(32), nullable=False),
    Column("differences", BigInteger, nullable=False),
    Column("first_difference", BigInteger),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    CheckConstraint("state in ('running', 'active', 'differs')", name="state"),
    Index(None, "state"),
)

verifications = table(
    "verifications",
    Column("script_id", Number, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    Column("version_number", BigInteger, nullable=False),
    Column("chain_hash", Digest(32), nullable=False),
    Column("state_digest", Digest(32), nullable=False),
    Column("keyframes", BigInteger, nullable=False),
    Column("verified_at", Moment, nullable=False),
)

script_seals = table(
    "script_seals",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("script_id", BigInteger, nullable=False),
    Column("version_number", BigInteger, nullable=False),
    Column("chain_hash", Digest(32), nullable=False),
    Column("sealed_at", Moment, nullable=False),
    Index(None, "script_id", "version_number"),
    sqlite_autoincrement=True,
)

drain_pauses = table(
    "drain_pauses",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("paused_at", Moment, nullable=False),
    Column("paused_by", Text(120), nullable=False),
    Column("reason", Text(500), nullable=False),
    # 1 while drains are paused, then NULL: the unique key allows one active pause.
    Column("active", SmallInteger, unique=True),
    Column("resumed_at", Moment),
    Column("resumed_by", Text(120)),
    sqlite_autoincrement=True,
)
