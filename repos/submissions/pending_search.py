"""Search in the pending submissions, in the order of their arrival."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, case, func, literal, null, select

from repos.database.session import Session
from repos.schema.core_tables import submission_inbox
from repos.submissions.inbox import as_bytes

# Larger payloads are read one by one.
SMALL_PAYLOAD_BYTES = 32 << 10


class PendingFilter(NamedTuple):
    """Which pending submissions: of a script, with an id, that arrived by a time, that a user sent; None means all.

    With `with_payloads`, small payloads are read too.
    """

    script_id: int | None = None
    submission_id: str | None = None
    before: int | None = None
    user_id: int | None = None
    with_payloads: bool = False

    @property
    def given(self) -> dict[str, Any]:
        """The parameters of the conditions that are set."""
        names = ("script", "submission", "before", "user")
        values = dict(zip(names, self[:4], strict=True))
        return {name: value for name, value in values.items() if value is not None}


class PendingRow(NamedTuple):
    """A pending submission in a list; `payload` is None if it is large or was not wanted."""

    id: int
    script_id: int
    submission_id: str
    enqueued_at: int
    payload: bytes | None = None


_PAYLOAD_AT = select(submission_inbox.c.payload).where(submission_inbox.c.id == bindparam("row"))
_LAST = select(func.max(submission_inbox.c.id))


class PendingSearch:
    """Searches the pending submissions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def search(self, wanted: PendingFilter, *, after: int, upto: int, limit: int) -> list[PendingRow]:
        """Pending submissions that match, in the order of arrival: numbers greater than `after`, at most `upto`."""
        params = wanted.given
        statement = _search(frozenset(params), with_payloads=wanted.with_payloads)
        rows = self._session.rows(statement, **params, after=after, upto=upto, limit=limit)
        return [
            PendingRow(row[0], row[1], row[2], row[3], None if row[4] is None else as_bytes(row[4])) for row in rows
        ]

    def payload_at(self, arrival: int) -> bytes | None:
        """The payload of a pending submission by its arrival number; None if it is no longer pending."""
        rows = self._session.rows(_PAYLOAD_AT, row=arrival)
        return as_bytes(rows[0][0]) if rows else None

    def last_arrival(self) -> int:
        """The highest arrival number; 0 if nothing is pending."""
        return int(self._session.rows(_LAST)[0][0] or 0)


@cache
def _search(given: frozenset[str], *, with_payloads: bool) -> Select[Any]:
    inbox = submission_inbox.c
    conditions = {
        "script": inbox.script_id == bindparam("script"),
        "submission": inbox.submission_id == bindparam("submission"),
        "before": inbox.enqueued_at <= bindparam("before"),
        "user": inbox.user_id == bindparam("user"),
    }
    small = func.length(inbox.payload) <= literal(SMALL_PAYLOAD_BYTES)
    payload = case((small, inbox.payload)) if with_payloads else null()
    beyond = (inbox.id > bindparam("after"), inbox.id <= bindparam("upto"))
    found = select(inbox.id, inbox.script_id, inbox.submission_id, inbox.enqueued_at, payload)
    chosen = [condition for name, condition in conditions.items() if name in given]
    return found.where(*chosen, *beyond).order_by(inbox.id).limit(bindparam("limit"))
