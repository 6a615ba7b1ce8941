"""Table submission_inbox: pending submissions. Stored before the bell rings, deleted with their answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Select,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from repos.database.driver_errors import DuplicateKey
from repos.database.session import Session
from repos.fault_points import fault_point
from repos.schema.core_tables import script_heads, submission_inbox
from repos.submissions.answers import any_named, named_parameters

MAX_INBOX_BATCH = 256
# A submission with more attempts than this is refused as poison.
MAX_ATTEMPTS = 5


class InboxBacklog(NamedTuple):
    """A script with pending submissions: their number, the oldest time, the most attempts, the first arrival number."""

    script_id: int
    waiting: int
    oldest: int
    attempts: int
    first: int


class Held(NamedTuple):
    """A pending submission, and the signed-in user who sent it; None for a program."""

    payload: bytes
    user_id: int | None


_PUT = insert(submission_inbox).values(
    script_id=bindparam("script"),
    submission_id=bindparam("submission"),
    payload=bindparam("payload"),
    enqueued_at=bindparam("now"),
    user_id=bindparam("user"),
)
_FIND = select(submission_inbox.c.id).where(
    submission_inbox.c.script_id == bindparam("script"), submission_inbox.c.submission_id == bindparam("submission")
)
_HELD = select(submission_inbox.c.payload, submission_inbox.c.user_id).where(
    submission_inbox.c.script_id == bindparam("script"), submission_inbox.c.submission_id == bindparam("submission")
)
_RELEASE = (
    update(submission_inbox)
    .where(
        submission_inbox.c.script_id == bindparam("script"), submission_inbox.c.submission_id == bindparam("submission")
    )
    .values(user_id=None)
)
# A producer may have stored any number: a negative one would take forever to reach the limit, and the greatest one
# cannot be incremented.
_TRY = (
    update(submission_inbox)
    .where(submission_inbox.c.id == bindparam("row"))
    .values(
        attempts=case(
            (submission_inbox.c.attempts < literal(0), literal(1)),
            (submission_inbox.c.attempts > literal(MAX_ATTEMPTS), submission_inbox.c.attempts),
            else_=submission_inbox.c.attempts + literal(1),
        )
    )
)
_UNTRY = (
    update(submission_inbox)
    .where(submission_inbox.c.id == bindparam("row"), submission_inbox.c.attempts > literal(0))
    .values(attempts=submission_inbox.c.attempts - literal(1))
)
_WAITING = (
    select(
        submission_inbox.c.script_id,
        func.count(),
        func.min(submission_inbox.c.enqueued_at),
        func.max(submission_inbox.c.attempts),
        func.min(submission_inbox.c.id),
    )
    .select_from(submission_inbox.outerjoin(script_heads, script_heads.c.script_id == submission_inbox.c.script_id))
    .where(
        or_(submission_inbox.c.enqueued_at <= bindparam("before"), submission_inbox.c.enqueued_at > bindparam("after")),
        or_(script_heads.c.health.is_(None), script_heads.c.health != "quarantined"),
    )
    .group_by(submission_inbox.c.script_id)
    .order_by(func.min(submission_inbox.c.id))
    .limit(bindparam("limit"))
)
# SQLite accepts any value in any column. A bell needs an integer script id, and storing another value as one would end
# the reconciler's tick for every other script.
_WAITING_SQLITE = _WAITING.where(func.typeof(submission_inbox.c.script_id) == literal("integer"))
_ARRIVALS = (
    select(submission_inbox.c.id)
    .where(submission_inbox.c.script_id == bindparam("script"))
    .order_by(submission_inbox.c.id)
    .limit(MAX_INBOX_BATCH)
)
_SCRIPTS = (
    select(submission_inbox.c.script_id)
    .where(submission_inbox.c.script_id > bindparam("after"))
    .distinct()
    .order_by(submission_inbox.c.script_id)
    .limit(bindparam("limit"))
)
_SCRIPTS_SQLITE = _SCRIPTS.where(func.typeof(submission_inbox.c.script_id) == literal("integer"))
# Whether a script has pending submissions: read in the same round trip as a commit.
INBOX_RECHECK = select(literal(1)).where(submission_inbox.c.script_id == bindparam("script")).limit(1)


@cache
def _held_among() -> Select[Any]:
    named = any_named(submission_inbox.c.script_id, submission_inbox.c.submission_id)
    held = (submission_inbox.c.script_id, submission_inbox.c.submission_id, *_HELD.selected_columns)
    return select(*held).where(named)


@cache
def inbox_recheck(count: int) -> Select[Any]:
    """The query for which of several scripts have pending submissions; parameters are `script_0`, `script_1`, …"""
    names: list[BindParameter[int]] = [bindparam(f"script_{position}") for position in range(count)]
    return select(submission_inbox.c.script_id).where(submission_inbox.c.script_id.in_(names)).distinct()


def as_bytes(payload: bytes | str | float) -> bytes:
    """The original bytes of a payload, also if SQLite stored it as text or a number."""
    return bytes(payload) if isinstance(payload, bytes) else str(payload).encode(errors="surrogateescape")


class Inbox:
    """The inbox as producers and the reconciler see it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(
        self, script_id: int, submission_id: str, payload: bytes, now: int, *, user_id: int | None = None
    ) -> int | None:
        """Add a submission of a signed-in user, or of a program; returns its arrival number.

        None if a submission with this id is already pending.

        Raises:
            TooLargeForDatabase: the payload is too large for the database.
        """
        self._session.require_room("submission", len(payload))
        fault_point("before inbox row inserted")
        try:
            arrival = self._session.insert(
                _PUT, script=script_id, submission=submission_id, payload=payload, now=now, user=user_id
            )
        except DuplicateKey:
            return None
        fault_point("after inbox row inserted")
        return arrival

    def put_all(self, rows: Sequence[tuple[int, str, bytes, int]], users: Sequence[int | None] = ()) -> None:
        """Add many submissions: script, id, payload and now of each. `DuplicateKey` at the flush if one is pending.

        `users` are the signed-in users who sent them, one for each; without, a program did.

        Raises:
            TooLargeForDatabase: a payload is too large for the database.
        """
        for _, _, payload, _ in rows:
            self._session.require_room("submission", len(payload))
        columns: tuple[str, ...] = ("script_id", "submission_id", "payload", "enqueued_at")
        if any(user is not None for user in users):
            columns, rows = (*columns, "user_id"), [(*row, user) for row, user in zip(rows, users, strict=True)]  # type: ignore[misc]
        self._session.later_insert(submission_inbox, columns, list(rows))

    def holds(self, script_id: int, submission_id: str) -> bool:
        """Whether a submission is pending."""
        return bool(self._session.rows(_FIND, script=script_id, submission=submission_id))

    def payload_of(self, script_id: int, submission_id: str) -> bytes | None:
        """The payload of a pending submission; None if it is no longer pending."""
        submission = self.held(script_id, submission_id)
        return submission.payload if submission else None

    def held(self, script_id: int, submission_id: str) -> Held | None:
        """A pending submission: its payload and its sender; None if it is no longer pending."""
        rows = self._session.rows(_HELD, script=script_id, submission=submission_id)
        return Held(as_bytes(rows[0][0]), rows[0][1]) if rows else None

    def held_among(self, names: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Held]:
        """Those of several submissions, by script and id, that are pending."""
        results = self._session.rows_of([(_held_among(), named) for named in named_parameters(names)])
        return {
            (script_id, submission_id): Held(as_bytes(payload), user_id)
            for rows in results
            for script_id, submission_id, payload, user_id in rows
        }

    def release(self, script_id: int, submission_id: str) -> None:
        """Clear the user of a submission, because a program with its own credentials sent the same one."""
        self._session.run(_RELEASE, script=script_id, submission=submission_id)

    def waiting(self, *, before: int, after: int, limit: int) -> list[InboxBacklog]:
        """Scripts in service with submissions that arrived at or before a time, the first arrival first.

        Submissions with an arrival time later than `after` are included: their producer's clock is ahead.
        """
        statement = _WAITING_SQLITE if self._session.is_sqlite else _WAITING
        return [InboxBacklog(*row) for row in self._session.rows(statement, before=before, after=after, limit=limit)]

    def arrivals(self, script_id: int) -> list[int]:
        """The arrival numbers of a script's pending submissions, at most 256, in order.

        A submission due for a retry keeps its place: producers are promised order.
        """
        return [row[0] for row in self._session.rows(_ARRIVALS, script=script_id)]

    def scripts(self, *, after: int, limit: int) -> list[int]:
        """The scripts after an id that have pending submissions, by id."""
        statement = _SCRIPTS_SQLITE if self._session.is_sqlite else _SCRIPTS
        return [row[0] for row in self._session.rows(statement, after=after, limit=limit)]

    def count_attempt(self, arrival: int) -> None:
        """Count an attempt before it begins, in a transaction of its own."""
        self._session.run(_TRY, row=arrival)

    def take_back_attempt(self, arrival: int) -> None:
        """Uncount an attempt that was not made, or whose failure was not caused by the submission."""
        self._session.run(_UNTRY, row=arrival)
