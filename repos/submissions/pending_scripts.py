"""Scripts with pending submissions, quarantined or not: what an operator looks at when people wait."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, func, literal, select

from repos.database.session import Session
from repos.schema.core_tables import script_heads, submission_inbox

# Submissions read for a page. Their scripts may be few, and the next page continues after them.
MAX_READ = 10_000
# Submissions counted for a script.
MAX_COUNTED = 1_000


class PendingScript(NamedTuple):
    """A script with pending submissions: how many, the time, the attempts and the arrival number of the first one.

    `waiting` is at most MAX_COUNTED + 1. `oldest_at` is None if that is unknown, `health` for a script that does not
    exist yet.
    """

    script_id: int
    waiting: int
    oldest_at: int | None
    attempts: int
    first: int
    health: str | None


class PendingPage(NamedTuple):
    """Some of the scripts, and the arrival number after which the others follow; 0 if there are none."""

    scripts: list[PendingScript]
    following: int


_window = (
    select(submission_inbox.c.id, submission_inbox.c.script_id)
    .where(submission_inbox.c.id > bindparam("after"))
    .order_by(submission_inbox.c.id)
    .limit(bindparam("window"))
    .subquery("arrivals")
)
_firsts = (
    select(_window.c.script_id, func.min(_window.c.id).label("first")).group_by(_window.c.script_id).subquery("firsts")
)
_of_script = submission_inbox.alias("of_script")
# From an index. NOT EXISTS would become a join with every earlier submission on MySQL.
_first = select(func.min(_of_script.c.id)).where(_of_script.c.script_id == _firsts.c.script_id).scalar_subquery()
_READ = (
    select(
        _firsts.c.script_id,
        _firsts.c.first,
        submission_inbox.c.enqueued_at,
        submission_inbox.c.attempts,
        script_heads.c.health,
    )
    .select_from(
        _firsts.join(submission_inbox, submission_inbox.c.id == _firsts.c.first).outerjoin(
            script_heads, script_heads.c.script_id == _firsts.c.script_id
        )
    )
    .where(_firsts.c.first == _first)
    .order_by(_firsts.c.first)
    .limit(bindparam("limit"))
)
# SQLite keeps a value of any type; only numbers are ids of scripts.
_READ_SQLITE = _READ.where(func.typeof(_firsts.c.script_id) == literal("integer"))
_LAST = select(func.max(_window.c.id), func.count())
_counted = (
    select(submission_inbox.c.id)
    .where(submission_inbox.c.script_id == bindparam("script"))
    .limit(MAX_COUNTED + 1)
    .subquery("counted")
)
_COUNT = select(func.count()).select_from(_counted)


class PendingScripts:
    """The scripts with pending submissions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, *, after: int = 0, limit: int = 100, window: int = MAX_READ) -> PendingPage:
        """Those whose first submission arrived after an arrival number, the first arrival first.

        At most `window` submissions are read, however many are pending.
        """
        statement = _READ_SQLITE if self._session.is_sqlite else _READ
        rows = self._session.rows(statement, after=after, limit=limit + 1, window=window)
        shown = rows[:limit]
        counts = self._session.rows_of([(_COUNT, {"script": row[0]}) for row in shown])
        scripts = [
            # On SQLite a producer may have stored anything as the time.
            PendingScript(script, count, at if isinstance(at, int) else None, attempts, first, health)
            for (script, first, at, attempts, health), [(count,)] in zip(shown, counts, strict=True)
            if count
        ]
        if len(rows) > limit:
            return PendingPage(scripts, shown[-1][1])
        last, read = self._session.rows(_LAST, after=after, window=window)[0]
        return PendingPage(scripts, last if read == window else 0)
