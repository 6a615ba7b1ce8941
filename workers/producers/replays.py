"""Replays of dead letters, for callers that do not wait for the answers."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from domain.errors import Rejected
from materialization.retry import with_retries
from materialization.submissions.resubmit import rejection, replayed
from repos.submissions.dead_letter_search import LetterFilter
from repos.unit_of_work import UnitOfWork
from workers.producers.producer import Producer

# Dead letters replayed at a time: a caller that waits can go on after each part.
MAX_PART = 200


class Replay(NamedTuple):
    """A dead letter that was sent again, as a submission of a script."""

    number: int
    script_id: int
    submission_id: str


class ReplayedPart(NamedTuple):
    """A part of several dead letters: how many were sent again, those that could not be, and the last number tried.

    `last` is None once there are no more.
    """

    sent: int
    refused: list[tuple[int, Rejected]]
    last: int | None


class Replays:
    """Sends dead letters again. The same `batch` sends each of them once, however often it is asked to."""

    def __init__(self, unit_of_work: UnitOfWork, producer: Producer) -> None:
        self._unit_of_work = unit_of_work
        self._producer = producer

    def one(self, number: int, batch: str) -> Replay:
        """Send a dead letter again.

        Raises:
            Rejected: there is none, or it cannot be sent again.
        """
        with self._unit_of_work.reading() as tx:
            row = rejection(tx, number)
            submission = replayed(tx, row, f"replay-{batch}-{number}")
        with_retries(partial(self._producer.enqueue, submission, user_id=row.user_id))
        return Replay(number, submission.script_id, submission.submission_id)

    def part(self, wanted: LetterFilter, batch: str, *, after: int, upto: int) -> ReplayedPart:
        """Send the next of those that match again, the oldest first: greater than `after`, and at most `upto`."""
        with self._unit_of_work.reading() as tx:
            numbers = tx.rejected_search.numbers(wanted, after=after, upto=upto, limit=MAX_PART)
        refused = []
        for number in numbers:
            try:
                self.one(number, batch)
            except Rejected as reason:
                refused.append((number, reason.alone()))
        return ReplayedPart(len(numbers) - len(refused), refused, numbers[-1] if len(numbers) == MAX_PART else None)
