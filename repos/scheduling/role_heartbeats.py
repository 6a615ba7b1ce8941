"""Table role_heartbeats: when each role of workers was last seen on each host, by the clock of the database."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.scheduling.server_clock import SERVER_CLOCK
from repos.schema.monitoring_tables import role_heartbeats

RoleState = Literal["starting", "consuming", "disconnected", "stopped"]


class RoleHeartbeat(NamedTuple):
    """A role on a host; times are microseconds since 1970 UTC. Several nodes of one role on a host share a row."""

    role: str
    host: str
    state: RoleState
    started_at: int
    seen_at: int


def _values(*, is_sqlite: bool) -> dict[str, Any]:
    return {
        "role": bindparam("named"),
        "host": bindparam("at_host"),
        "state": bindparam("now_is"),
        "started_at": bindparam("began"),
        "seen_at": SERVER_CLOCK[is_sqlite],
    }


_CHANGING = ("state", "started_at", "seen_at")
_PUT_MYSQL = mysql.insert(role_heartbeats).values(**_values(is_sqlite=False))
_PUT_SQLITE = sqlite.insert(role_heartbeats).values(**_values(is_sqlite=True))
_PUT = {
    False: _PUT_MYSQL.on_duplicate_key_update({name: _PUT_MYSQL.inserted[name] for name in _CHANGING}),
    True: _PUT_SQLITE.on_conflict_do_update(
        index_elements=["role", "host"], set_={name: _PUT_SQLITE.excluded[name] for name in _CHANGING}
    ),
}
SELECT_HEARTBEATS = select(*role_heartbeats.c).order_by(role_heartbeats.c.role, role_heartbeats.c.host)
_PRUNE = delete(role_heartbeats).where(role_heartbeats.c.seen_at < bindparam("before"))


class RoleHeartbeats:
    """The heartbeats of every role and host."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, role: str, host: str, state: RoleState, *, started_at: int) -> None:
        """Record that a role was seen just now."""
        statement = _PUT[self._session.is_sqlite]
        self._session.later(statement, named=role, at_host=host, now_is=state, began=started_at)

    def read(self) -> list[RoleHeartbeat]:
        """All heartbeats, by role and host."""
        return [RoleHeartbeat(*row) for row in self._session.rows(SELECT_HEARTBEATS)]

    def prune(self, *, before: int) -> int:
        """Delete the heartbeats of hosts that were last seen before a time; returns how many."""
        return self._session.run(_PRUNE, before=before)
