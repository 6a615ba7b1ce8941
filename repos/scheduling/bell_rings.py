"""Table bells: when, how often and for which submission the reconciler rang for a script."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.schema.core_tables import bells, submission_inbox

MAX_FORGOTTEN = 1_000


class RingHistory(NamedTuple):
    """The reconciler's record of a script: how often it rang while the same submission was first in the inbox.

    `rung_at` is microseconds since 1970 UTC, `arrival` is the arrival number of that submission.
    """

    script_id: int
    rings: int
    rung_at: int
    arrival: int


_GET = select(bells.c.script_id, bells.c.rings, bells.c.rung_at, bells.c.arrival).where(
    bells.c.script_id == bindparam("script")
)
_VALUES: dict[str, Any] = {
    "script_id": bindparam("script"),
    "rings": bindparam("rings"),
    "rung_at": bindparam("now"),
    "arrival": bindparam("arrival"),
}
_CHANGING = ("rings", "rung_at", "arrival")
_PUT_MYSQL = mysql.insert(bells).values(**_VALUES)
_PUT_MYSQL = _PUT_MYSQL.on_duplicate_key_update({name: _PUT_MYSQL.inserted[name] for name in _CHANGING})
_PUT_SQLITE = sqlite.insert(bells).values(**_VALUES)
_PUT_SQLITE = _PUT_SQLITE.on_conflict_do_update(
    index_elements=["script_id"], set_={name: _PUT_SQLITE.excluded[name] for name in _CHANGING}
)
_ANSWERED = (
    select(bells.c.script_id)
    .where(~select(submission_inbox.c.id).where(submission_inbox.c.script_id == bells.c.script_id).exists())
    .limit(bindparam("limit"))
)
_FORGET = delete(bells).where(bells.c.script_id == bindparam("script"))


class BellRings:
    """The reconciler's records."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int) -> RingHistory:
        """The record of a script; without one, a record of no rings."""
        rows = self._session.rows(_GET, script=script_id)
        return RingHistory(*rows[0]) if rows else RingHistory(script_id, 0, 0, 0)

    def put(self, bell: RingHistory) -> None:
        """Store a ring."""
        statement = _PUT_SQLITE if self._session.is_sqlite else _PUT_MYSQL
        self._session.run(statement, script=bell.script_id, rings=bell.rings, now=bell.rung_at, arrival=bell.arrival)

    def forget_answered(self, *, limit: int = MAX_FORGOTTEN) -> int:
        """Delete the records of scripts without pending submissions; returns how many."""
        # Read first: a DELETE with this condition would lock inbox rows and wait for producers that are slow to commit.
        answered = [row[0] for row in self._session.rows(_ANSWERED, limit=limit)]
        for script_id in answered:
            self._session.later(_FORGET, script=script_id)
        return len(answered)
