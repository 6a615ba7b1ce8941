"""The inbox of locked scripts: payloads too large to be read with the head, and the deletion of answered rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Delete, Executable, LargeBinary, bindparam, cast, delete, func, literal, select

from domain.errors import Conflict
from repos.database.session import Session
from repos.schema.core_tables import submission_inbox
from repos.submissions.inbox import as_bytes

CHUNK_BYTES = 1 << 20
# Cast on SQLite only: there, text inserted by a producer stays text and its length counts characters. A server casts
# at most one packet.
_BYTES = {True: cast(submission_inbox.c.payload, LargeBinary), False: submission_inbox.c.payload}
_SIZE = {
    is_sqlite: select(func.length(payload)).where(submission_inbox.c.id == bindparam("row"))
    for is_sqlite, payload in _BYTES.items()
}
_CHUNK = {
    is_sqlite: select(func.substr(payload, bindparam("start"), bindparam("size"))).where(
        submission_inbox.c.id == bindparam("row")
    )
    for is_sqlite, payload in _BYTES.items()
}
_SHA256 = select(func.unhex(func.sha2(submission_inbox.c.payload, literal(256)))).where(
    submission_inbox.c.id == bindparam("row")
)
_PAYLOAD = select(submission_inbox.c.payload).where(submission_inbox.c.id == bindparam("row"))


class DrainableInbox:
    """The inbox of the locked script. It has no `put`: the holder of the head would not see the new row."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def size(self, arrival: int) -> int:
        """The size in bytes of a payload that was too large to be read with the head."""
        return int(self._value(_SIZE[self._session.is_sqlite], arrival))

    def payload(self, arrival: int) -> bytes:
        """A payload that was too large to be read with the head."""
        return as_bytes(self._value(_PAYLOAD, arrival))

    def beginning(self, arrival: int, size: int) -> bytes:
        """The first bytes of a payload that is too large to be read whole."""
        return as_bytes(self._value(_CHUNK[self._session.is_sqlite], arrival, start=1, size=size))

    def sha256(self, arrival: int, size: int) -> bytes:
        """The hash of a payload of a known size that is too large to be read whole."""
        if not self._session.is_sqlite:
            return as_bytes(self._value(_SHA256, arrival))
        digest = sha256()
        for start in range(1, size + 1, CHUNK_BYTES):
            digest.update(as_bytes(self._value(_CHUNK[True], arrival, start=start, size=CHUNK_BYTES)))
        return digest.digest()

    def _value(self, statement: Executable, arrival: int, **params: int) -> Any:
        rows = self._session.rows(statement, row=arrival, **params)
        if not rows:
            raise Conflict("a submission was removed from the inbox by another program")
        return rows[0][0]

    def remove(self, arrivals: Sequence[int]) -> None:
        """Delete exactly these rows, never a range, because arrival numbers are not in commit order."""
        for start in range(0, len(arrivals), 100):
            part = arrivals[start : start + 100]
            names: dict[str, Any] = {f"row_{position}": arrival for position, arrival in enumerate(part)}
            self._session.later(_remove(len(part)), rows=len(part), **names)


class SharedInbox(DrainableInbox):
    """The inbox of several locked scripts: answered submissions are deleted together, at the end."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._answered: list[int] = []

    def remove(self, arrivals: Sequence[int]) -> None:
        """Delete exactly these rows, together with those of the other scripts."""
        self._answered += arrivals

    def remove_all(self) -> None:
        """Delete all answered submissions."""
        super().remove(self._answered)


@cache
def _remove(count: int) -> Delete:
    return delete(submission_inbox).where(
        submission_inbox.c.id.in_([bindparam(f"row_{position}") for position in range(count)])
    )
