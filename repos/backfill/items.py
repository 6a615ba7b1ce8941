"""Table backfill_items: the units of work of a run, each done only by the worker that claimed it last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, func, literal, null, or_, select, update

from repos.backfill.item import BackfillItem, ClaimLost, ItemState
from repos.database.session import Session
from repos.schema.backfill_tables import backfill_items as items


class Activity(NamedTuple):
    """When an item of a run was sent last, and when the last claim of any item, and of one that is not done, ends."""

    sent_at: int
    expires_at: int
    claimed_until: int


class DomainProgress(NamedTuple):
    """How many items of a domain are in a state."""

    domain: str
    state: ItemState
    items: int


_COLUMNS = (
    "run_id",
    "domain",
    "name",
    "state",
    "attempts",
    "claim",
    "sent_at",
    "expires_at",
    "checkpoint",
    "counts",
)
_THIS = items.c.id == bindparam("item")
_OF_RUN = items.c.run_id == bindparam("run")
_OF_DOMAIN = items.c.domain == bindparam("part")
# Claimed, or, by a worker whose first slice claims it, still as it was sent.
_MINE = and_(
    _THIS,
    or_(
        and_(items.c.state == "running", items.c.claim == bindparam("held")),
        and_(items.c.state == "sent", items.c.claim == bindparam("unclaimed")),
    ),
)
_NOT_SENT = -1
# A worker may have ended with the item without having claimed it.
_ATTEMPTED = case((items.c.attempts < literal(1), literal(1)), else_=items.c.attempts)
_CLAIM = (
    update(items)
    .where(
        _THIS,
        # As it was read: what the holder of an expired claim recorded since must not be done again.
        items.c.claim == bindparam("held"),
        items.c.attempts == bindparam("tried"),
        items.c.checkpoint == bindparam("reached"),
        items.c.counts == bindparam("counted"),
        or_(
            items.c.state.in_([literal("due"), literal("sent")]),
            and_(items.c.state == "running", items.c.expires_at <= bindparam("now")),
        ),
    )
    .values(
        state="running",
        attempts=items.c.attempts + literal(1),
        claim=items.c.claim + literal(1),
        expires_at=bindparam("until"),
    )
)
_GET = select(*items.c).where(_THIS)
_LOCK = _GET.with_for_update()
_LOCK_FREE = _GET.with_for_update(skip_locked=True)
_FIND = select(*items.c).where(_OF_RUN, _OF_DOMAIN, items.c.name == bindparam("named"))
_RECORD = (
    update(items)
    .where(_MINE)
    # Attempts are those since the last progress: an item is given up only where it kills its workers.
    .values(
        state=bindparam("new"),
        claim=bindparam("held"),
        checkpoint=bindparam("reached"),
        counts=bindparam("counted"),
        expires_at=bindparam("until"),
        attempts=literal(0),
    )
)
_CLOSE = update(items).where(_MINE).values(state=bindparam("outcome"), error=bindparam("why"))
_GIVE_BACK = update(items).where(_MINE).values(state="due", attempts=literal(0), sent_at=literal(0))
_TRY_AGAIN = update(items).where(_MINE).values(state="due", sent_at=literal(0), attempts=_ATTEMPTED)
# Two queries, each of which reads a part of an index: a run may have a million items.
_DUE = (
    select(*items.c).where(_OF_RUN, _OF_DOMAIN, items.c.state == "due").order_by(items.c.id).limit(bindparam("limit"))
)
_LOST = (
    select(*items.c)
    .where(
        _OF_RUN,
        _OF_DOMAIN,
        items.c.state.in_([literal("sent"), literal("running")]),
        or_(
            and_(items.c.state == "sent", items.c.sent_at <= bindparam("lost")),
            and_(items.c.state == "running", items.c.expires_at <= bindparam("now")),
        ),
    )
    .limit(bindparam("limit"))
)
_SENT = (
    update(items)
    .where(
        _THIS,
        or_(
            items.c.state.in_([literal("due"), literal("sent")]),
            and_(items.c.state == "running", items.c.expires_at <= bindparam("now")),
        ),
    )
    .values(state="sent", sent_at=bindparam("now"))
)
_SENT_AGAIN = _SENT.values(attempts=_ATTEMPTED)
# Those whose row no worker has locked while it writes the first slice.
_FREE = select(items.c.id).where(_THIS).with_for_update(skip_locked=True)
_OUTSTANDING = (
    select(func.count()).select_from(items).where(_OF_RUN, items.c.state.in_([literal("sent"), literal("running")]))
)
_PROGRESS = (
    select(items.c.domain, items.c.state, func.count())
    .where(_OF_RUN)
    .group_by(items.c.domain, items.c.state)
    .order_by(items.c.domain, items.c.state)
)
_ACTIVITY = select(
    func.max(items.c.sent_at),
    func.max(items.c.expires_at),
    func.max(case((items.c.state == "running", items.c.expires_at), else_=literal(0))),
).where(_OF_RUN)
_READ = select(*items.c).where(_OF_RUN, items.c.id > bindparam("after")).order_by(items.c.id).limit(bindparam("limit"))
_READ_STATE = (
    select(*items.c)
    .where(_OF_RUN, items.c.state == bindparam("wanted"), items.c.id > bindparam("after"))
    .order_by(items.c.id)
    .limit(bindparam("limit"))
)
# The claim is raised, so that a worker that still has the item records nothing more.
_RETRY = (
    update(items)
    .where(_THIS)
    .values(
        state="due",
        attempts=literal(0),
        claim=items.c.claim + literal(1),
        sent_at=literal(0),
        checkpoint=literal(b""),
        counts=literal(b"{}"),
        error=null(),
    )
)
_STOP = (
    update(items)
    .where(_OF_RUN, items.c.state.in_([literal("sent"), literal("running")]))
    .values(state="due", claim=items.c.claim + literal(1), sent_at=literal(0), attempts=_ATTEMPTED)
)


class BackfillItems:
    """The items of all runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run_id: int, domain: str, names: Sequence[str]) -> None:
        """Add items of a domain, with the commit."""
        rows = [(run_id, domain, name, "due", 0, 0, 0, 0, b"", b"{}") for name in names]
        self._session.later_insert(items, _COLUMNS, rows)

    def claim(self, item: BackfillItem, *, now: int, until: int) -> BackfillItem | None:
        """Claim an item that is due, or whose claim expired; None if it is done, or changed since it was read."""
        if not self._session.run(
            _CLAIM,
            item=item.id,
            held=item.claim,
            tried=item.attempts,
            reached=item.checkpoint,
            counted=item.counts,
            now=now,
            until=until,
        ):
            return None
        return item._replace(state="running", attempts=item.attempts + 1, claim=item.claim + 1, expires_at=until)

    def get(self, item_id: int) -> BackfillItem | None:
        rows = self._session.rows(_GET, item=item_id)
        return BackfillItem(*rows[0]) if rows else None

    def lock(self, item_id: int) -> BackfillItem | None:
        """An item, locked until the end of the transaction: no other worker can claim it."""
        rows = self._session.rows(_LOCK, item=item_id)
        return BackfillItem(*rows[0]) if rows else None

    def find_free(self, item_id: int) -> BackfillItem | None:
        """An item, if no worker has locked it."""
        rows = self._session.rows(_LOCK_FREE, item=item_id)
        return BackfillItem(*rows[0]) if rows else None

    def find(self, run_id: int, domain: str, name: str) -> BackfillItem | None:
        """The item of a domain with this name."""
        rows = self._session.rows(_FIND, run=run_id, part=domain, named=name)
        return BackfillItem(*rows[0]) if rows else None

    def record(
        self, item: BackfillItem, *, checkpoint: bytes, counts: bytes, until: int, state: ItemState = "running"
    ) -> None:
        """Record how far an item is, in the transaction that writes its rows, and extend its claim, or close it.

        An item that is not claimed yet is claimed by this.

        Raises:
            ClaimLost: the claim is no longer valid; raised by the end of the unit of work at the latest.
        """
        self._session.later(
            _RECORD,
            rows=1,
            unmatched=partial(ClaimLost, f"the claim of item {item.id} is no longer valid"),
            **_claim_of(item),
            new=state,
            reached=checkpoint,
            counted=counts,
            until=until,
        )

    def close(self, item: BackfillItem, outcome: ItemState, error: str | None = None) -> bool:
        """Store the outcome of an item; returns whether the claim was still valid."""
        return self._session.run(_CLOSE, **_claim_of(item), outcome=outcome, why=error) == 1

    def give_back(self, item: BackfillItem, *, counted: bool = False) -> bool:
        """Let another worker continue an item; returns whether the claim was still valid.

        With `counted`, this claim is one of the attempts after which an item is given up.
        """
        return self._session.run(_TRY_AGAIN if counted else _GIVE_BACK, **_claim_of(item)) == 1

    def next_to_send(self, run_id: int, domain: str, *, now: int, lost_before: int, limit: int) -> list[BackfillItem]:
        """Items that no worker has: never sent, sent before `lost_before` and not claimed, or with an expired claim."""
        lost = self._session.rows(_LOST, run=run_id, part=domain, now=now, lost=lost_before, limit=limit)
        free = self._session.rows_of([(_FREE, {"item": row[0]}) for row in lost])
        lost = [row for row, found in zip(lost, free, strict=True) if found]
        due = self._session.rows(_DUE, run=run_id, part=domain, limit=limit)
        return sorted((BackfillItem(*row) for row in (*lost, *due)), key=lambda item: item.id)[:limit]

    def mark_sent(self, item_ids: Sequence[int], *, now: int, again: bool = False) -> None:
        """Mark items as sent; with `again`, a worker may have ended with each of them."""
        for item_id in item_ids:
            self._session.later(_SENT_AGAIN if again else _SENT, item=item_id, now=now)

    def outstanding(self, run_id: int) -> int:
        """How many items of a run are sent or running."""
        return int(self._session.rows(_OUTSTANDING, run=run_id)[0][0])

    def progress(self, run_id: int) -> list[DomainProgress]:
        """The number of items by domain and state."""
        return [DomainProgress(*row) for row in self._session.rows(_PROGRESS, run=run_id)]

    def activity(self, run_id: int) -> Activity:
        """The last signs of feeders and workers."""
        return Activity(*(value or 0 for value in self._session.rows(_ACTIVITY, run=run_id)[0]))

    def read(
        self, run_id: int, *, state: ItemState | None = None, after: int = 0, limit: int = 1_000
    ) -> list[BackfillItem]:
        """The items of a run after an id, in the order they were added."""
        if state is None:
            rows = self._session.rows(_READ, run=run_id, after=after, limit=limit)
        else:
            rows = self._session.rows(_READ_STATE, run=run_id, wanted=state, after=after, limit=limit)
        return [BackfillItem(*row) for row in rows]

    def retry(self, item_id: int) -> bool:
        """Start an item again from its beginning; returns whether it exists."""
        return self._session.run(_RETRY, item=item_id) == 1

    def stop(self, run_id: int) -> int:
        """Take every item from its worker: what it has not committed is undone. Returns how many."""
        return self._session.run(_STOP, run=run_id)


def _claim_of(item: BackfillItem) -> dict[str, int]:
    return {
        "item": item.id,
        "held": item.claim,
        "unclaimed": _NOT_SENT if item.sent_claim is None else item.sent_claim,
    }
