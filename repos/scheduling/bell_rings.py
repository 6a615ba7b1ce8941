"""bells: when, how often and for which submission the reconciler rang for a script."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.schema.core_tables import bells, submission_inbox

MAX_FORGOTTEN = 1_000


class RingHistory(NamedTuple):
    """The reconciler's memory of one script: how often it rang while the same submission waited in front.

    `rung_at` is in microseconds since 1970 UTC, `arrival` the arrival number of that submission.
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
    """What the reconciler remembers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int) -> RingHistory:
        """What is remembered of a script; never rung where nothing is."""
        found = self._session.rows(_GET, script=script_id)
        return RingHistory(*found[0]) if found else RingHistory(script_id, 0, 0, 0)

    def put(self, bell: RingHistory) -> None:
        """Remember a ring."""
        statement = _PUT_SQLITE if self._session.is_sqlite else _PUT_MYSQL
        self._session.run(statement, script=bell.script_id, rings=bell.rings, now=bell.rung_at, arrival=bell.arrival)

    def forget_answered(self, *, limit: int = MAX_FORGOTTEN) -> int:
        """Forget scripts for which nothing waits any more; how many."""
        # Read first: a DELETE with that condition locks rows of the inbox, and waits for producers that are slow to
        # commit theirs.
        answered = [row[0] for row in self._session.rows(_ANSWERED, limit=limit)]
        for script_id in answered:
            self._session.later(_FORGET, script=script_id)
        return len(answered)
