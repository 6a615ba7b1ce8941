"""Search in the dead letters without their payloads: the newest first for people, the oldest first to replay."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select

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


class DeadLetterSearch:
    """Searches the dead letters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def latest(self, wanted: LetterFilter, *, before: int = 0, limit: int) -> list[ListedLetter]:
        """Those that match, the newest first; with `before`, only those with a lower number."""
        params = {**_given(wanted), **({"before": before} if before else {})}
        rows = self._session.rows(_latest(frozenset(params)), **params, limit=limit)
        return [ListedLetter(*row) for row in rows]

    def oldest(self, wanted: LetterFilter, *, after: int, upto: int, limit: int) -> list[ListedLetter]:
        """Those that match, the oldest first: with a number greater than `after`, and at most `upto`."""
        params = _given(wanted)
        rows = self._session.rows(_oldest(frozenset(params)), **params, after=after, upto=upto, limit=limit)
        return [ListedLetter(*row) for row in rows]

    def numbers(self, wanted: LetterFilter, *, after: int, upto: int, limit: int) -> list[int]:
        """The numbers of those that match, the oldest first: greater than `after`, and at most `upto`."""
        return [row.id for row in self.oldest(wanted, after=after, upto=upto, limit=limit)]

    def count(self, wanted: LetterFilter) -> int:
        """How many match; `MAX_COUNT + 1` for more than `MAX_COUNT`."""
        params = _given(wanted)
        return int(self._session.rows(_count(frozenset(params)), **params)[0][0])


def _given(wanted: LetterFilter) -> dict[str, Any]:
    """The parameters of the conditions that are set."""
    values = {"script": wanted.script_id, "code": wanted.code, "since": wanted.since, "until": wanted.until}
    return {name: value for name, value in values.items() if value}


_later = letters.alias("later")
_FIRST_SINCE = select(func.min(_later.c.id)).where(_later.c.rejected_at >= bindparam("since")).scalar_subquery()


# A statement has only the conditions that are set, so that SQLite finds rows by an index too: it plans a statement
# without the values of its parameters.
def _conditions(given: frozenset[str]) -> list[ColumnElement[bool]]:
    conditions = {
        "script": letters.c.script_id == bindparam("script"),
        "code": letters.c.code == bindparam("code"),
        "since": letters.c.rejected_at >= bindparam("since"),
        "until": letters.c.rejected_at < bindparam("until"),
        "before": letters.c.id < bindparam("before"),
    }
    chosen = [condition for name, condition in conditions.items() if name in given]
    if "since" in given and not given & {"script", "code"}:
        # Rows are read by number: this ends the reading where older ones begin.
        chosen.append(letters.c.id >= _FIRST_SINCE)
    return chosen


def _listed(given: frozenset[str]) -> Select[Any]:
    listed = select(*(letters.c[name] for name in ListedLetter._fields))
    return listed.where(*_conditions(given)).limit(bindparam("limit"))


@cache
def _latest(given: frozenset[str]) -> Select[Any]:
    return _listed(given).order_by(letters.c.id.desc())


@cache
def _oldest(given: frozenset[str]) -> Select[Any]:
    beyond = (letters.c.id > bindparam("after"), letters.c.id <= bindparam("upto"))
    return _listed(given).where(*beyond).order_by(letters.c.id)


@cache
def _count(given: frozenset[str]) -> Select[Any]:
    found = select(letters.c.id).where(*_conditions(given)).limit(literal(MAX_COUNT + 1))
    return select(func.count()).select_from(found.subquery())
