"""Scripts with pending submissions, quarantined or not: what an operator looks at when people wait."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from repos.database.session import Session
from repos.database.statements import Row
from repos.schema.core_tables import script_heads, submission_inbox


class PendingScript(NamedTuple):
    """A script with pending submissions: how many, the oldest time, the most attempts, the first arrival number.

    `oldest_at` is None if that is unknown, `health` for a script that does not exist yet.
    """

    script_id: int
    waiting: int
    oldest_at: int | None
    attempts: int
    first: int
    health: str | None


_READ = (
    select(
        submission_inbox.c.script_id,
        func.count(),
        func.min(submission_inbox.c.enqueued_at),
        func.max(submission_inbox.c.attempts),
        func.min(submission_inbox.c.id),
        script_heads.c.health,
    )
    .select_from(submission_inbox.outerjoin(script_heads, script_heads.c.script_id == submission_inbox.c.script_id))
    .group_by(submission_inbox.c.script_id, script_heads.c.health)
    .having(func.min(submission_inbox.c.id) > bindparam("after"))
    .order_by(func.min(submission_inbox.c.id))
    .limit(bindparam("limit"))
)


class PendingScripts:
    """The scripts with pending submissions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, *, after: int = 0, limit: int = 100) -> list[PendingScript]:
        """Those whose first submission arrived after an arrival number, the first arrival first."""
        return [_pending(row) for row in self._session.rows(_READ, after=after, limit=limit)]


def _pending(row: Row) -> PendingScript:
    pending = PendingScript(*row)
    # On SQLite a producer may have stored anything as the time.
    return pending if isinstance(pending.oldest_at, int) else pending._replace(oldest_at=None)
