"""Table quarantines: why, when and by whom a script was quarantined, and how it was reopened. Never deleted."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from domain.log.head import Health
from repos.database.session import Session
from repos.schema.core_tables import script_heads
from repos.schema.derived_tables import quarantines


class QuarantineRow(NamedTuple):
    """One quarantine of a script; times are microseconds since 1970 UTC.

    `verified` is 1 if the script passed verification before it was reopened, 0 if reopening was forced, None while it
    is quarantined. `health_before` is the health it returns to: backfilling or open.
    """

    id: int
    script_id: int
    found_by: str
    reason: str
    quarantined_at: int
    reopened_at: int | None
    reopened_by: str | None
    verified: int | None
    health_before: Health = "open"


_ADD = insert(quarantines).values(
    script_id=bindparam("script"),
    found_by=bindparam("finder"),
    reason=bindparam("why"),
    quarantined_at=bindparam("now"),
    health_before=bindparam("before"),
)
_READ = (
    select(*quarantines.c)
    .where(quarantines.c.script_id == bindparam("script"))
    .order_by(quarantines.c.id.desc())
    .limit(bindparam("limit"))
)
_OUT_OF_SERVICE = (
    select(script_heads.c.script_id)
    .where(script_heads.c.health == "quarantined", script_heads.c.script_id > bindparam("after"))
    .order_by(script_heads.c.script_id)
    .limit(bindparam("limit"))
)
_BACKFILLING = (
    select(script_heads.c.script_id)
    .where(script_heads.c.health == "backfilling", script_heads.c.script_id > bindparam("after"))
    .order_by(script_heads.c.script_id)
    .limit(bindparam("limit"))
)
_REOPEN = (
    update(quarantines)
    .where(quarantines.c.script_id == bindparam("script"), quarantines.c.reopened_at.is_(None))
    .values(reopened_at=bindparam("now"), reopened_by=bindparam("who"), verified=bindparam("passed"))
)


class Quarantines:
    """The quarantines of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, script_id: int, found_by: str, reason: str, now: int, *, before: Health) -> None:
        """Record a quarantine: its reason, and the script's health before it."""
        self._session.run(_ADD, script=script_id, finder=found_by, why=reason, now=now, before=before)

    def reopen(self, script_id: int, by: str, now: int, *, verified: bool) -> None:
        """Record who reopened a script, and whether it passed verification."""
        self._session.run(_REOPEN, script=script_id, who=by, passed=int(verified), now=now)

    def read(self, script_id: int, *, limit: int = 20) -> list[QuarantineRow]:
        """The quarantines of a script, the latest first."""
        return [QuarantineRow(*row) for row in self._session.rows(_READ, script=script_id, limit=limit)]

    def out_of_service(self, *, after: int = 0, limit: int = 1_000) -> list[int]:
        """The quarantined scripts after an id, by id."""
        return [row[0] for row in self._session.rows(_OUT_OF_SERVICE, after=after, limit=limit)]

    def backfilling(self, *, after: int = 0, limit: int = 1_000) -> list[int]:
        """The scripts after an id that accept only backfilled submissions, by id; some may not exist yet."""
        return [row[0] for row in self._session.rows(_BACKFILLING, after=after, limit=limit)]
