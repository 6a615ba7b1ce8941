"""submissions, as a whole: every answer a script ever gave, for taking it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import bindparam

from repos.database.session import Session
from repos.schema.core_tables import submissions
from repos.submissions import READ, Answered, to_answered

PAGE = 1_000

_READ = (
    READ.where(submissions.c.submission_id > bindparam("after"))
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
            for row in page:
                yield to_answered(script_id, row)
            after = page[-1][0]
