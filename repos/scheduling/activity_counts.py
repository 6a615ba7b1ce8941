"""Table activity_counts: answers, refusals and latencies, by minute and in total.

Workers count in memory and add their counts every few seconds, so the write path has no statement for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, delete, literal, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.schema.monitoring_tables import activity_counts

# `latency` counts answers by the upper bound of their latency in milliseconds; `latency_sum` adds up microseconds.
Measure = Literal["outcome", "refusal", "latency", "latency_sum"]
MINUTE_MICROS = 60_000_000
# The row of a total has this minute.
TOTAL = 0


class ActivityCount(NamedTuple):
    """How much of something was counted in a minute that begins at `minute_at`, or in all if that is 0."""

    minute_at: int
    measure: Measure
    label: str
    amount: int


_VALUES: dict[str, Any] = {
    "minute_at": bindparam("minute"),
    "measure": bindparam("what"),
    "label": bindparam("which"),
    "amount": bindparam("more"),
}
_ADD_MYSQL = mysql.insert(activity_counts).values(**_VALUES)
_ADD_SQLITE = sqlite.insert(activity_counts).values(**_VALUES)
_ADD = {
    False: _ADD_MYSQL.on_duplicate_key_update(amount=activity_counts.c.amount + _ADD_MYSQL.inserted.amount),
    True: _ADD_SQLITE.on_conflict_do_update(
        index_elements=["minute_at", "measure", "label"],
        set_={"amount": activity_counts.c.amount + _ADD_SQLITE.excluded.amount},
    ),
}
SELECT_ACTIVITY = (
    select(*activity_counts.c)
    .where(activity_counts.c.minute_at >= bindparam("since"))
    .order_by(activity_counts.c.minute_at, activity_counts.c.measure, activity_counts.c.label)
)
SELECT_TOTALS = (
    select(*activity_counts.c)
    .where(activity_counts.c.minute_at == literal(TOTAL))
    .order_by(activity_counts.c.measure, activity_counts.c.label)
)
_PRUNE = delete(activity_counts).where(
    activity_counts.c.minute_at > literal(TOTAL), activity_counts.c.minute_at < bindparam("before")
)


class ActivityCounts:
    """The counts of all workers together."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, now: int, counted: Mapping[tuple[Measure, str], int]) -> None:
        """Add counts to those of the current minute and to the totals."""
        statement = _ADD[self._session.is_sqlite]
        # In one order for all workers, so that two cannot deadlock.
        for minute in (TOTAL, now - now % MINUTE_MICROS):
            for (measure, label), amount in sorted(counted.items()):
                self._session.later(statement, minute=minute, what=measure, which=label, more=amount)

    def read(self, *, since: int) -> list[ActivityCount]:
        """The counts of the minutes that began at or after a time, the oldest first."""
        return [ActivityCount(*row) for row in self._session.rows(SELECT_ACTIVITY, since=since)]

    def totals(self) -> list[ActivityCount]:
        """The counts of all time."""
        return [ActivityCount(*row) for row in self._session.rows(SELECT_TOTALS)]

    def prune(self, *, before: int) -> int:
        """Delete the counts of minutes before a time, but no total; returns how many rows."""
        return self._session.run(_PRUNE, before=before)
