"""quarantines: why a script was taken out of service, when, and who found it. Kept after it is mended."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from repos.derived_tables import quarantines
from repos.session import Session


class QuarantineRow(NamedTuple):
    """One time a script was quarantined."""

    id: int
    script_id: int
    found_by: str
    reason: str
    quarantined_at: int


_ADD = insert(quarantines).values(
    script_id=bindparam("script"),
    found_by=bindparam("finder"),
    reason=bindparam("why"),
    quarantined_at=bindparam("now"),
)
_READ = (
    select(*quarantines.c)
    .where(quarantines.c.script_id == bindparam("script"))
    .order_by(quarantines.c.id.desc())
    .limit(bindparam("most"))
)


class Quarantines:
    """What is known of quarantined scripts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, script_id: int, found_by: str, reason: str, now: int) -> None:
        """Keep the reason."""
        self._session.run(_ADD, script=script_id, finder=found_by, why=reason, now=now)

    def read(self, script_id: int, *, most: int = 20) -> list[QuarantineRow]:
        """The times a script was quarantined, the latest first."""
        return [QuarantineRow(*row) for row in self._session.rows(_READ, script=script_id, most=most)]
