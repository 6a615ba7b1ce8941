"""Proposal tables: an AI's proposals, people's decisions about them, and what AI runs wrote and deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, SmallInteger

from repos.schema.core_tables import Bytes, Digest, Moment, Number, Prose, Text, Word, table

ai_proposals = table(
    "ai_proposals",
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("script_id", BigInteger, nullable=False),
    Column("user_id", Number, ForeignKey("users.id")),
    Column("chat_message_id", Number, ForeignKey("chat_messages.id")),
    Column("run_id", Text(120), nullable=False),
    Column("instruction", Prose, nullable=False),
    Column("base_version", BigInteger, nullable=False),
    # The lines that the model may edit, by position in the base version; null for the whole script.
    Column("first_line", Integer),
    Column("last_line", Integer),
    Column("state", Word(16), nullable=False),
    Column("model", Text(120)),
    Column("prompt_sha256", Word(64)),
    Column("code", Word(64)),
    Column("message", Text(1000)),
    # The claim of a job: held for a limited time, with a higher fence each time.
    Column("fence", SmallInteger, nullable=False),
    Column("held_until", Moment, nullable=False),
    # How many characters the model has written so far: progress for people who wait.
    Column("written", Integer),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint(
        "state in ('queued', 'proposed', 'accepted', 'partly_accepted', 'rejected', 'stale', 'failed')", name="state"
    ),
    CheckConstraint(
        "state in ('queued', 'failed') or "
        "(coalesce(model, '') <> '' and run_id <> '' and coalesce(prompt_sha256, '') <> '')",
        name="says_why",
    ),
    Index(None, "script_id", "id"),
    Index(None, "state", "id"),
    sqlite_autoincrement=True,
)

ai_proposal_hunks = table(
    "ai_proposal_hunks",
    Column("proposal_id", Number, ForeignKey("ai_proposals.id"), primary_key=True, autoincrement=False),
    Column("hunk", Integer, primary_key=True, autoincrement=False),
    Column("script_id", BigInteger, nullable=False),
    Column("content_hash", Digest(32), nullable=False),
    Column("commands", Bytes, nullable=False),
    Column("why", Text(1000), nullable=False),
    Column("state", Word(16), nullable=False),
    Column("submission_id", Word(64), nullable=False),
    Column("code", Word(64)),
    Column("decided_by", Number, ForeignKey("users.id")),
    Column("decided_at", Moment),
    CheckConstraint("state in ('offered', 'withheld', 'accepting', 'accepted', 'stale', 'rejected')", name="state"),
    Index(None, "script_id", "content_hash"),
)

ai_run_losses = table(
    "ai_run_losses",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    # Keyed by hash: a database treats "run" and "run " as one.
    Column("run_hash", Digest(16), primary_key=True),
    Column("run_id", Text(120), nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
)

ai_writings = table(
    "ai_writings",
    Column("script_id", BigInteger, primary_key=True, autoincrement=False),
    Column("thing", Word(80), primary_key=True),
    Column("content", Word(12), nullable=False),
    Column("people", Integer, nullable=False),
)
