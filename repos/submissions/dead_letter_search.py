"""Search in the dead letters without their payloads: the newest first for people, the oldest first to replay."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, func, literal, or_, select

from repos.database.session import Session
from repos.schema.core_tables import rejected_submissions as letters

# A count stops here: an exact one of a million rows helps no one.
MAX_COUNT = 10_000


class LetterFilter(NamedTuple):
    """The dead letters of a script, with a code, rejected at or after `since` and before `until`; 0 and "" mean all.

    Times are microseconds since 1970 UTC.
    """

    script_id: int = 0
    code: str = ""
    since: int = 0
    until: int = 0


class ListedLetter(NamedTuple):
    """A dead letter in a list."""

    id: int
    script_id: int
    submission_id: str
    code: str
    message: str
    rejected_at: int
    user_id: int | None


def _or_all(name: str, everything: object, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(bindparam(name) == literal(everything), condition)


_MATCHES = and_(
    _or_all("script", 0, letters.c.script_id == bindparam("script")),
    _or_all("code", "", letters.c.code == bindparam("code")),
    _or_all("since", 0, letters.c.rejected_at >= bindparam("since")),
    _or_all("until", 0, letters.c.rejected_at < bindparam("until")),
)
_LATEST = (
    select(*(letters.c[name] for name in ListedLetter._fields))
    .where(_MATCHES, _or_all("before", 0, letters.c.id < bindparam("before")))
    .order_by(letters.c.id.desc())
    .limit(bindparam("limit"))
)
_NUMBERS = (
    select(letters.c.id)
    .where(_MATCHES, letters.c.id > bindparam("after"), letters.c.id <= bindparam("upto"))
    .order_by(letters.c.id)
    .limit(bindparam("limit"))
)
_COUNT = select(func.count()).select_from(select(letters.c.id).where(_MATCHES).limit(literal(MAX_COUNT + 1)).subquery())


class DeadLetterSearch:
    """Searches the dead letters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def latest(self, wanted: LetterFilter, *, before: int = 0, limit: int) -> list[ListedLetter]:
        """Those that match, the newest first; with `before`, only those with a lower number."""
        rows = self._session.rows(_LATEST, **_params(wanted), before=before, limit=limit)
        return [ListedLetter(*row) for row in rows]

    def numbers(self, wanted: LetterFilter, *, after: int, upto: int, limit: int) -> list[int]:
        """The numbers of those that match, the oldest first: greater than `after`, and at most `upto`."""
        rows = self._session.rows(_NUMBERS, **_params(wanted), after=after, upto=upto, limit=limit)
        return [row[0] for row in rows]

    def count(self, wanted: LetterFilter) -> int:
        """How many match; `MAX_COUNT + 1` for more than `MAX_COUNT`."""
        return int(self._session.rows(_COUNT, **_params(wanted))[0][0])


def _params(wanted: LetterFilter) -> dict[str, Any]:
    return {"script": wanted.script_id, "code": wanted.code, "since": wanted.since, "until": wanted.until}
