"""Table drain_pauses: when, by whom and why drains were paused, and who resumed them. Rows are never deleted."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, literal, null, select, update

from repos.database.driver_errors import DuplicateKey
from repos.database.session import Session
from repos.schema.derived_tables import drain_pauses

MAX_BY, MAX_REASON = 120, 500


class DrainPause(NamedTuple):
    """One pause of all drains; times are microseconds since 1970 UTC. `resumed_at` is None while it lasts."""

    id: int
    paused_at: int
    paused_by: str
    reason: str
    resumed_at: int | None = None
    resumed_by: str | None = None


_COLUMNS = tuple(drain_pauses.c[name] for name in DrainPause._fields)
SELECT_CURRENT_PAUSE = select(*_COLUMNS).where(drain_pauses.c.active == literal(1))
_READ = select(*_COLUMNS).order_by(drain_pauses.c.id.desc()).limit(bindparam("limit"))
_ADD = insert(drain_pauses).values(
    paused_at=bindparam("now"), paused_by=bindparam("who"), reason=bindparam("why"), active=literal(1)
)
_END = (
    update(drain_pauses)
    .where(drain_pauses.c.active == literal(1))
    .values(active=null(), resumed_at=bindparam("now"), resumed_by=bindparam("who"))
)


class DrainPauses:
    """The pauses of drains: at most one is active."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self) -> DrainPause | None:
        """The active pause; None while drains run."""
        rows = self._session.rows(SELECT_CURRENT_PAUSE)
        return DrainPause(*rows[0]) if rows else None

    def read(self, *, limit: int = 20) -> list[DrainPause]:
        """The pauses, the latest first."""
        return [DrainPause(*row) for row in self._session.rows(_READ, limit=limit)]

    def begin(self, by: str, reason: str, now: int) -> bool:
        """Begin a pause; False if one is active already."""
        try:
            self._session.run(_ADD, who=by[:MAX_BY], why=reason[:MAX_REASON], now=now)
        except DuplicateKey:
            return False
        return True

    def end(self, by: str, now: int) -> bool:
        """End the active pause; False if there is none."""
        return bool(self._session.run(_END, who=by[:MAX_BY], now=now))
