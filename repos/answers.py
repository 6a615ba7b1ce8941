"""submissions, as a whole: every answer a script ever gave, for taking it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import bindparam, select

from domain.answer import decode_answer
from repos.session import Session
from repos.submissions import Answered
from repos.tables import submissions

PAGE = 1_000

_READ = (
    select(submissions.c.submission_id, submissions.c.answer, submissions.c.content_hash, submissions.c.recorded_at)
    .where(submissions.c.script_id == bindparam("script"), submissions.c.submission_id > bindparam("after"))
    .order_by(submissions.c.submission_id)
    .limit(bindparam("most"))
)


class Answers:
    """The answers of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, script_id: int) -> Iterator[Answered]:
        """Every answer of a script by submission id, a page at a time."""
        after = ""
        while page := self._session.rows(_READ, script=script_id, after=after, most=PAGE):
            for _, answer, content_hash, recorded_at in page:
                yield Answered(decode_answer(answer), bytes(content_hash), recorded_at)
            after = page[-1][0]
