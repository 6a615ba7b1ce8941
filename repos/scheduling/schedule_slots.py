"""Table schedule_slots: one row for each time a schedule was due; its key keeps it to one."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, literal, select, update

from repos.database.driver_errors import DuplicateKey
from repos.database.session import Session
from repos.schema.core_tables import schedule_slots

SlotState = Literal["running", "done", "failed"]


class SlotRow(NamedTuple):
    """A run of a schedule; times are microseconds since 1970 UTC, `fence` is how often it was claimed."""

    schedule: str
    slot_at: int
    state: SlotState
    fence: int
    started_at: int
    expires_at: int
    finished_at: int | None
    report: bytes


class ClaimedSlot(NamedTuple):
    """A claimed slot; the fencing number distinguishes this claim from earlier ones."""

    schedule: str
    slot_at: int
    fence: int


_THIS = (schedule_slots.c.schedule == bindparam("name"), schedule_slots.c.slot_at == bindparam("slot"))
_OPEN = insert(schedule_slots).values(
    schedule=bindparam("name"),
    slot_at=bindparam("slot"),
    state="running",
    fence=1,
    started_at=bindparam("now"),
    expires_at=bindparam("until"),
    report=b"{}",
)
_TAKE_OVER = (
    update(schedule_slots)
    .where(*_THIS, schedule_slots.c.state == "running", schedule_slots.c.expires_at <= bindparam("now"))
    .values(fence=schedule_slots.c.fence + literal(1), started_at=bindparam("now"), expires_at=bindparam("until"))
)
_FENCE = select(schedule_slots.c.fence).where(*_THIS)
_FINISH = (
    update(schedule_slots)
    .where(*_THIS, schedule_slots.c.state == "running", schedule_slots.c.fence == bindparam("held"))
    .values(state=bindparam("outcome"), finished_at=bindparam("now"), report=bindparam("result"))
)
_LAST = select(func.max(schedule_slots.c.slot_at)).where(schedule_slots.c.schedule == bindparam("name"))
_ABANDONED = (
    select(schedule_slots.c.slot_at)
    .where(
        schedule_slots.c.schedule == bindparam("name"),
        schedule_slots.c.state == "running",
        schedule_slots.c.expires_at <= bindparam("now"),
    )
    .order_by(schedule_slots.c.slot_at)
)
_LIST = (
    select(*schedule_slots.c)
    .where(schedule_slots.c.schedule == bindparam("name"))
    .order_by(schedule_slots.c.slot_at.desc())
    .limit(bindparam("limit"))
)
_PRUNE = delete(schedule_slots).where(
    schedule_slots.c.state != "running",
    schedule_slots.c.schedule == bindparam("name"),
    schedule_slots.c.slot_at < bindparam("before"),
)


class Slots:
    """The runs of every schedule."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, schedule: str, slot_at: int, *, now: int, until: int) -> ClaimedSlot | None:
        """Claim a slot that was never claimed or whose claim expired; None if another worker holds it."""
        # UPDATE before INSERT: a failed INSERT keeps a shared lock on the row, and an UPDATE after it would deadlock
        # with the holder that closes the slot; the holder was the victim, and its run was repeated.
        if not self._session.run(_TAKE_OVER, name=schedule, slot=slot_at, now=now, until=until):
            try:
                self._session.run(_OPEN, name=schedule, slot=slot_at, now=now, until=until)
            except DuplicateKey:
                return None
        return ClaimedSlot(schedule, slot_at, int(self._session.rows(_FENCE, name=schedule, slot=slot_at)[0][0]))

    def finish(self, taken: ClaimedSlot, outcome: SlotState, *, now: int, report: bytes) -> bool:
        """Close a slot unless it was taken over in the meantime; returns whether the claim was still valid."""
        this = {"name": taken.schedule, "slot": taken.slot_at, "held": taken.fence}
        return self._session.run(_FINISH, **this, outcome=outcome, now=now, result=report) == 1

    def last(self, schedule: str) -> int | None:
        """The latest slot that was claimed."""
        slot_at: int | None = self._session.rows(_LAST, name=schedule)[0][0]
        return slot_at

    def abandoned(self, schedule: str, *, now: int) -> list[int]:
        """Running slots whose claim expired, the oldest first."""
        return [row[0] for row in self._session.rows(_ABANDONED, name=schedule, now=now)]

    def read(self, schedule: str, *, limit: int = 20) -> list[SlotRow]:
        """The latest slots, the newest first."""
        return [SlotRow(*row) for row in self._session.rows(_LIST, name=schedule, limit=limit)]

    def prune(self, schedule: str, *, before: int) -> int:
        """Delete closed slots before a time; returns how many."""
        return self._session.run(_PRUNE, name=schedule, before=before)
