"""Table leases: mutual exclusion by name, with a fencing number that invalidates earlier holders."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, literal, or_, select, update

from repos.database.driver_errors import DuplicateKey
from repos.database.session import Session
from repos.schema.core_tables import leases

_ADD = insert(leases).values(
    name=bindparam("lease"), holder=bindparam("by"), fence=literal(1), expires_at=bindparam("until")
)
_TAKE = (
    update(leases)
    .where(
        leases.c.name == bindparam("lease"),
        or_(
            leases.c.expires_at <= bindparam("now"),
            leases.c.expires_at > bindparam("absurd"),
            leases.c.holder == bindparam("by"),
        ),
    )
    .values(holder=bindparam("by"), fence=leases.c.fence + literal(1), expires_at=bindparam("until"))
)
_FENCE = select(leases.c.fence).where(leases.c.name == bindparam("lease"), leases.c.holder == bindparam("by"))
_HOLD = (
    select(leases.c.fence)
    .where(leases.c.name == bindparam("lease"), leases.c.fence == bindparam("fence"))
    .with_for_update()
)


_GET = select(leases.c.holder, leases.c.expires_at).where(leases.c.name == bindparam("lease"))
_REMOVE = delete(leases).where(leases.c.name == bindparam("lease"))


class HeldLease(NamedTuple):
    """Who took a lease last, and until when, in microseconds since 1970 UTC."""

    holder: str
    expires_at: int


class Leases:
    """Leases by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, holder: str, *, now: int, until: int) -> int | None:
        """Take or renew a lease; returns its fencing number, or None while another holder has it.

        A lease that expires in more than twice the usual time was taken by a wrong clock, and does not count.
        """
        absurd = until + (until - now)
        if not self._session.run(_TAKE, lease=name, by=holder, now=now, until=until, absurd=absurd):
            try:
                self._session.run(_ADD, lease=name, by=holder, until=until)
            except DuplicateKey:
                return None
        rows = self._session.rows(_FENCE, lease=name, by=holder)
        return int(rows[0][0]) if rows else None

    def get(self, name: str) -> HeldLease | None:
        """A lease, also one that has expired; None if there is none."""
        rows = self._session.rows(_GET, lease=name)
        return HeldLease(*rows[0]) if rows else None

    def remove(self, name: str) -> None:
        """Remove a lease, also that of another holder."""
        self._session.run(_REMOVE, lease=name)

    def still_holds(self, name: str, fence: int) -> bool:
        """Whether this fencing number is still the latest, locked until the transaction ends."""
        return bool(self._session.rows(_HOLD, lease=name, fence=fence))
