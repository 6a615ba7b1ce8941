"""Table submissions: the answer to every submission, written in the transaction of its effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select

from domain.submissions.answer import Answer, encode_rest, with_rest
from repos.database.session import Session
from repos.database.statements import Row
from repos.schema.core_tables import submissions


class Answered(Struct, frozen=True):
    """An answer, the content hash of its submission, when it was recorded, and the database account that sent it."""

    answer: Answer
    content_hash: bytes
    recorded_at: int
    account_id: int | None = None


_COLUMNS = (
    "script_id",
    "submission_id",
    "content_hash",
    "outcome",
    "first_version",
    "last_version",
    "reason",
    "answer",
    "recorded_at",
    "account_id",
)
SELECT_ANSWERS = select(
    submissions.c.submission_id,
    submissions.c.outcome,
    submissions.c.first_version,
    submissions.c.last_version,
    submissions.c.answer,
    submissions.c.content_hash,
    submissions.c.recorded_at,
).where(submissions.c.script_id == bindparam("script"))
_GET = SELECT_ANSWERS.where(submissions.c.submission_id == bindparam("submission"))


def to_answered(script_id: int, row: Row) -> Answered:
    """The answer in a row.

    Raises:
        Corrupt: the row cannot be decoded.
    """
    submission_id, outcome, first_version, last_version, rest, content_hash, recorded_at = row
    answer = with_rest(
        rest,
        script_id=script_id,
        submission_id=submission_id,
        outcome=outcome,
        first_version=first_version,
        last_version=last_version,
    )
    return Answered(answer, bytes(content_hash), recorded_at)


# Submissions that one query names: those beyond are named by further queries of the same round trip.
NAMED_AT_ONCE = 100


@cache
def _among() -> Select[Any]:
    return select(submissions.c.script_id, *SELECT_ANSWERS.selected_columns).where(
        any_named(submissions.c.script_id, submissions.c.submission_id)
    )


def any_named(script: ColumnElement[int], submission: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a row belongs to one of NAMED_AT_ONCE submissions, each found by its key."""
    places: list[tuple[BindParameter[int], BindParameter[str]]] = [
        (bindparam(f"script_{place}"), bindparam(f"submission_{place}")) for place in range(NAMED_AT_ONCE)
    ]
    return or_(*[and_(script == of, submission == name) for of, name in places])


def named_parameters(names: Sequence[tuple[int, str]]) -> Iterator[dict[str, int | str]]:
    """The parameters of as many such queries as these submissions need; a short one repeats its last."""
    for start in range(0, len(names), NAMED_AT_ONCE):
        part = names[start : start + NAMED_AT_ONCE]
        part = [*part, *[part[-1]] * (NAMED_AT_ONCE - len(part))]
        yield {
            name: value
            for place, (script_id, submission_id) in enumerate(part)
            for name, value in ((f"script_{place}", script_id), (f"submission_{place}", submission_id))
        }


class Submissions:
    """The answers to every submission, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int, submission_id: str) -> Answered | None:
        """The answer to a submission; None if there is none yet."""
        rows = self._session.rows(_GET, script=script_id, submission=submission_id)
        return to_answered(script_id, rows[0]) if rows else None

    def among(self, names: Sequence[tuple[int, str]]) -> list[Answered]:
        """The answers to those of several submissions, by script and id, that are answered."""
        results = self._session.rows_of([(_among(), named) for named in named_parameters(names)])
        return [to_answered(script_id, tuple(row)) for rows in results for script_id, *row in rows]


class WritableSubmissions(Submissions):
    """The answers to the submissions of the locked script."""

    def put(self, answers: Sequence[Answered]) -> None:
        """Store answers; the primary key refuses a second answer to a submission."""
        self._session.later_insert(
            submissions,
            _COLUMNS,
            [
                (
                    (answer := answered.answer).script_id,
                    answer.submission_id,
                    answered.content_hash,
                    answer.outcome,
                    answer.first_version,
                    answer.last_version,
                    answer.refusal.code if answer.refusal else None,
                    encode_rest(answer),
                    answered.recorded_at,
                    answered.account_id,
                )
                for answered in answers
            ],
        )


ANSWERS_PER_PAGE = 1_000


_READ = (
    SELECT_ANSWERS.where(submissions.c.submission_id > bindparam("after"))
    .order_by(submissions.c.submission_id)
    .limit(bindparam("limit"))
)


class Answers:
    """The answers of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, script_id: int) -> Iterator[Answered]:
        """Every answer of a script, by submission id, read page by page."""
        after = ""
        while page := self._session.rows(_READ, script=script_id, after=after, limit=ANSWERS_PER_PAGE):
            for row in page:
                yield to_answered(script_id, row)
            after = page[-1][0]
