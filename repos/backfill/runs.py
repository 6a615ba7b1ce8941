"""Table backfill_runs: one row a run, at most one of which is active."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from sqlalchemy import bindparam, insert, literal, null, select, update

from domain.errors import Rejected
from repos.database.driver_errors import DuplicateKey
from repos.database.session import Session
from repos.schema.backfill_tables import backfill_runs as runs

RunState = Literal["planning", "running", "paused", "finished", "cancelled"]
ENDED: Final = ("finished", "cancelled")


class BackfillRunActive(Rejected):
    """Another backfill run is active in this database; wait for it, or end it with `scriptledger backfill cancel`."""


class BackfillRunRow(NamedTuple):
    """A run; times are microseconds since 1970 UTC. `held_by` says why nothing moves, `void` why its certificate is
    no longer one."""

    id: int
    active: int | None
    source: str
    mapping: str
    hash_key: bytes
    options: bytes
    state: RunState
    held_by: str | None
    opened_at: int
    finished_at: int | None
    certificate: bytes | None
    certified_at: int | None
    void: str | None


_OPEN = insert(runs).values(
    active=literal(1),
    source=bindparam("source_name"),
    mapping=bindparam("toml"),
    hash_key=bindparam("secret"),
    options=bindparam("chosen"),
    state=literal("planning"),
    opened_at=bindparam("now"),
)
_THIS = runs.c.id == bindparam("run")
_GET = select(*runs.c).where(_THIS)
_ACTIVE = select(*runs.c).where(runs.c.active == literal(1))
_LAST = select(*runs.c).order_by(runs.c.id.desc()).limit(bindparam("limit"))
_MOVE = update(runs).where(_THIS, runs.c.active == literal(1)).values(state=bindparam("new"), held_by=null())
_END = (
    update(runs)
    .where(_THIS, runs.c.active == literal(1))
    .values(state=bindparam("new"), active=null(), finished_at=bindparam("now"), held_by=null())
)
_REOPEN = (
    update(runs)
    .where(_THIS, runs.c.state == literal("finished"))
    .values(state=literal("running"), active=literal(1), finished_at=null(), held_by=null())
)
_HOLD = update(runs).where(_THIS).values(held_by=bindparam("why"))
_CHOOSE = update(runs).where(_THIS, runs.c.active == literal(1)).values(options=bindparam("chosen"))
_REMAP = update(runs).where(_THIS, runs.c.active == literal(1)).values(mapping=bindparam("toml"))
_CERTIFY = (
    update(runs).where(_THIS).values(certificate=bindparam("document"), certified_at=bindparam("now"), void=null())
)
_VOID = update(runs).where(_THIS, runs.c.certificate.is_not(None)).values(void=bindparam("why"))


class BackfillRuns:
    """The runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, *, source: str, mapping: str, hash_key: bytes, options: bytes, now: int) -> int:
        """Open a run, which is then being planned; returns its id.

        Raises:
            BackfillRunActive: another one is active.
        """
        try:
            return self._session.insert(
                _OPEN, source_name=source, toml=mapping, secret=hash_key, chosen=options, now=now
            )
        except DuplicateKey:
            raise BackfillRunActive from None

    def get(self, run_id: int) -> BackfillRunRow | None:
        rows = self._session.rows(_GET, run=run_id)
        return BackfillRunRow(*rows[0]) if rows else None

    def active(self) -> BackfillRunRow | None:
        """The run that is planned, running or paused, if any."""
        rows = self._session.rows(_ACTIVE)
        return BackfillRunRow(*rows[0]) if rows else None

    def read(self, *, limit: int = 20) -> list[BackfillRunRow]:
        """The latest runs, the newest first."""
        return [BackfillRunRow(*row) for row in self._session.rows(_LAST, limit=limit)]

    def move(self, run_id: int, state: RunState, *, now: int) -> bool:
        """Change the state of an active run; returns whether it was active."""
        if state in ENDED:
            return self._session.run(_END, run=run_id, new=state, now=now) == 1
        return self._session.run(_MOVE, run=run_id, new=state) == 1

    def reopen(self, run_id: int) -> bool:
        """Make a finished run active again; returns whether it was finished.

        Raises:
            BackfillRunActive: another one is active.
        """
        try:
            return self._session.run(_REOPEN, run=run_id) == 1
        except DuplicateKey:
            raise BackfillRunActive from None

    def hold(self, run_id: int, reason: str | None) -> None:
        """Say why nothing moves; None: it moves."""
        self._session.run(_HOLD, run=run_id, why=reason)

    def choose(self, run_id: int, options: bytes) -> bool:
        """Change the options of an active run; returns whether it was active."""
        return self._session.run(_CHOOSE, run=run_id, chosen=options) == 1

    def remap(self, run_id: int, mapping: str) -> bool:
        """Change the mapping of an active run; returns whether it was active."""
        return self._session.run(_REMAP, run=run_id, toml=mapping) == 1

    def certify(self, run_id: int, certificate: bytes, *, now: int) -> None:
        """Store a certificate in place of any earlier one."""
        self._session.run(_CERTIFY, run=run_id, document=certificate, now=now)

    def make_void(self, run_id: int, reason: str) -> bool:
        """Say why the certificate of a run is void; returns whether it has one."""
        return self._session.run(_VOID, run=run_id, why=reason) == 1
