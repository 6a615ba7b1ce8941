"""Table rejected_submissions: the dead letters, with their payloads, kept for a configured time."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, delete, literal, or_, select

from repos.database.session import Session
from repos.schema.core_tables import rejected_submissions

MESSAGE_LENGTH = 1_000
# Limit for a payload that is too large for the database and is cut.
MAX_CUT_BYTES = 4 << 20


class DeadLetter(NamedTuple):
    """A refused, undecodable or contradicting submission, and the user who sent it. Its id is 0 until it is stored.

    If the payload is cut, `whole_bytes` and `whole_sha256` are the size and hash of the original; otherwise None.
    `account` is the database account that sent it, where the server records it.
    """

    id: int
    script_id: int
    submission_id: str
    code: str
    message: str
    payload: bytes
    rejected_at: int
    user_id: int | None = None
    whole_bytes: int | None = None
    whole_sha256: bytes | None = None
    account: str | None = None

    def cut_to(self, limit: int) -> DeadLetter:
        """The same with its payload cut to at most `limit` bytes."""
        if len(self.payload) <= limit:
            return self
        if self.whole_bytes is not None:
            return self._replace(payload=self.payload[:limit])
        whole = sha256(self.payload).digest()
        return self._replace(payload=self.payload[:limit], whole_bytes=len(self.payload), whole_sha256=whole)


_COLUMNS = tuple(name for name in DeadLetter._fields if name != "id")
_OWN_COLUMNS = _COLUMNS[:-1]
_LIST = (
    select(*rejected_submissions.c)
    .where(
        rejected_submissions.c.id > bindparam("after"),
        or_(rejected_submissions.c.script_id == bindparam("script"), bindparam("script") == literal(0)),
        or_(rejected_submissions.c.code == bindparam("code"), bindparam("code") == literal("")),
    )
    .order_by(rejected_submissions.c.id)
    .limit(bindparam("limit"))
)
_HOLDS = select(literal(1)).where(
    rejected_submissions.c.script_id == bindparam("script"),
    rejected_submissions.c.submission_id == bindparam("submission"),
    rejected_submissions.c.code == bindparam("code"),
    rejected_submissions.c.payload == bindparam("payload"),
)
_GET = select(*rejected_submissions.c).where(rejected_submissions.c.id == bindparam("number"))
_PRUNE = delete(rejected_submissions).where(rejected_submissions.c.rejected_at < bindparam("before"))


class DeadLetters:
    """The dead letters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, *, after: int = 0, limit: int = 100, script_id: int = 0, code: str = "") -> list[DeadLetter]:
        """Dead letters after an id, oldest first: those for a script, those with a code, or all."""
        rows = self._session.rows(_LIST, after=after, limit=limit, script=script_id, code=code)
        return [DeadLetter(*row) for row in rows]

    def get(self, number: int) -> DeadLetter | None:
        rows = self._session.rows(_GET, number=number)
        return DeadLetter(*rows[0]) if rows else None

    def put(self, rows: Sequence[DeadLetter]) -> None:
        """Store dead letters; a payload too large for the database is cut."""
        self._session.later_insert(
            rejected_submissions,
            _COLUMNS,
            [(*row[1:4], row.message[:MESSAGE_LENGTH], *row[5:]) for row in map(self._fitting, rows)],
        )

    def put_own(self, row: DeadLetter) -> None:
        """Store a dead letter that names no account: only workers may write who sent one."""
        row = self._fitting(row)
        values = (*row[1:4], row.message[:MESSAGE_LENGTH], *row[5:-1])
        self._session.later_insert(rejected_submissions, _OWN_COLUMNS, [values])

    def holds(self, row: DeadLetter) -> bool:
        """Whether the same submission was refused for the same reason before."""
        payload = self._fitting(row).payload
        named = {"script": row.script_id, "submission": row.submission_id, "code": row.code, "payload": payload}
        return bool(self._session.rows(_HOLDS, **named))

    def prune(self, *, before: int) -> int:
        """Delete dead letters rejected before a time; returns how many."""
        return self._session.run(_PRUNE, before=before)

    def _fitting(self, row: DeadLetter) -> DeadLetter:
        room = self._session.room.for_bytes
        return row if len(row.payload) <= room else row.cut_to(min(room, MAX_CUT_BYTES))
