"""Monitoring tables: which roles run, and what the workers did minute by minute. Nothing else depends on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column

from repos.schema.core_tables import Moment, Text, Word, table

role_heartbeats = table(
    "role_heartbeats",
    Column("role", Word(64), primary_key=True),
    Column("host", Text(255), primary_key=True),
    Column("state", Word(16), nullable=False),
    Column("started_at", Moment, nullable=False),
    # By the clock of the database, so that hosts with other clocks can be compared.
    Column("seen_at", Moment, nullable=False),
    CheckConstraint("state in ('starting', 'consuming', 'disconnected', 'stopped')", name="state"),
)

# Counts of answers, refusals and latencies. Minute 0 holds the totals, which only grow.
activity_counts = table(
    "activity_counts",
    Column("minute_at", Moment, primary_key=True, autoincrement=False),
    Column("measure", Word(16), primary_key=True),
    Column("label", Word(64), primary_key=True),
    Column("amount", BigInteger, nullable=False),
)
