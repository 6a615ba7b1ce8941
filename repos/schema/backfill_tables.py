"""Backfill tables: what a legacy application leaves with us in addition to users, chat and scripts."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, UniqueConstraint

from repos.schema.core_tables import Digest, Moment, Number, Prose, Text, table

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
