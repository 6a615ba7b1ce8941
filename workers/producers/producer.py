"""Enqueue: the way in for producers. The row is durable before anybody is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from domain.errors import Rejected
from domain.refusals import SameIdOtherContent
from domain.submissions.answer import Answer
from domain.submissions.submission import (
    Submission,
    check_submission,
    content_hash,
    decode_submission,
    encode_submission,
)
from materialization.clock import system_clock
from repos.database.driver_errors import DuplicateKey
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.messaging.bell import Bell

FIRST_POLL_SECONDS = 0.01
MAX_POLL_SECONDS = 0.25


class UnknownSubmission(Rejected):
    """Script {script} was never sent a submission {submission!r}."""


class NotAnsweredInTime(Exception):
    """The submission waits still; it is safe, and will be answered when a worker comes to it."""


class Addressed(NamedTuple):
    """What goes into the inbox: a payload, canonical where it is valid, and the name it is answered under."""

    script_id: int
    submission_id: str
    payload: bytes


class Receipt(NamedTuple):
    """The proof that a submission is in the inbox, once the transaction it was enqueued in commits."""

    script_id: int
    submission_id: str
    bell: Bell

    def ring(self) -> bool:
        """Tell the workers, for a producer whose transaction is not ours; whether the broker heard."""
        return self.bell.ring(self.script_id)


class Producer:
    """Puts submissions into the inbox, and says what became of them."""

    def __init__(self, unit_of_work: UnitOfWork, bell: Bell, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._bell = bell
        self._clock = clock

    def enqueue(
        self, submission: Submission, tx: RecordsTransaction | None = None, *, user_id: int | None = None
    ) -> Receipt:
        """Put a submission into the inbox, in the transaction of `tx` or one of its own, and ring after its commit.

        Enqueued twice is enqueued once: the id decides. With `user_id` it is applied only if this user may edit the
        script at that moment; without, it is the program that answers for it.

        Raises:
            Rejected: the submission is not valid in itself, or its id waits with other content.
        """
        check_submission(submission)
        if tx is not None:
            return self._put(submission, tx, user_id)
        with self._unit_of_work.statement() as own:
            return self._put(submission, own, user_id)

    def enqueue_all(self, submissions: Iterable[Submission]) -> list[Receipt]:
        """Put many submissions into the inbox, in one transaction, and ring once for each script after its commit.

        Raises:
            Rejected: one is not valid in itself, and none was put; or an id waits with other content, and those in
                front of it were.
        """
        many = list(submissions)
        for submission in many:
            check_submission(submission)
        now = self._clock()
        rows = [(each.script_id, each.submission_id, encode_submission(each), now) for each in many]
        try:
            with self._unit_of_work.records() as tx:
                tx.inbox.put_all(rows)
        except DuplicateKey:
            return [self.enqueue(submission) for submission in many]
        self._bell.ring_all(dict.fromkeys(each.script_id for each in many))
        return [self.receipt(submission) for submission in many]

    def receipt(self, submission: Submission) -> Receipt:
        """The receipt for a submission that is in the inbox, or was answered."""
        return Receipt(submission.script_id, submission.submission_id, self._bell)

    def outcome(self, script_id: int, submission_id: str, *, sent: Submission | None = None) -> Answer | None:
        """What became of a submission; None while it waits. With `sent`, only if that is what the answer is to.

        Raises:
            UnknownSubmission: it neither waits nor was answered.
            SameIdOtherContent: what waits, or was answered, under this id is not what was sent.
        """
        with self._unit_of_work.reading() as tx:
            return look(tx, script_id, submission_id, sent=sent)

    def wait(self, script_id: int, submission_id: str, *, timeout: float, sent: Submission | None = None) -> Answer:
        """Wait, at most `timeout` seconds, for the answer to a submission. With `sent`, only if it is to that.

        Raises:
            NotAnsweredInTime: it waits still.
            UnknownSubmission: it neither waits nor was answered.
            SameIdOtherContent: what waits, or was answered, under this id is not what was sent.
        """
        return wait_for(partial(self.outcome, script_id, submission_id, sent=sent), timeout=timeout)

    def _put(self, submission: Submission, tx: RecordsTransaction, user_id: int | None) -> Receipt:
        receipt = self.receipt(submission)
        addressed = Addressed(receipt.script_id, receipt.submission_id, encode_submission(submission))
        put_once(tx, addressed, self._clock(), user_id=user_id)
        tx.after_commit(receipt.ring)
        return receipt


def put_once(tx: RecordsTransaction, addressed: Addressed, now: int, *, user_id: int | None = None) -> None:
    """Put a submission of a user or of a program into the inbox; nothing where the same waits already.

    Raises:
        SameIdOtherContent: its id waits with other content, or for another user.
    """
    script_id, submission_id, payload = addressed
    if tx.inbox.put(script_id, submission_id, payload, now, user_id=user_id) is not None:
        return
    waiting = tx.inbox.held(script_id, submission_id)
    if waiting is None:
        return
    if not same_content(waiting.payload, payload) or (user_id is not None and waiting.user_id not in (None, user_id)):
        raise SameIdOtherContent(submission=submission_id)
    if user_id is None and waiting.user_id is not None:
        # The program answers for it now, whatever that user may.
        tx.inbox.release(script_id, submission_id)


def same_content(one: bytes, other: bytes) -> bool:
    """Whether two payloads say the same: one may be written by another program, in another order of fields."""
    try:
        return one == other or content_hash(decode_submission(one)) == content_hash(decode_submission(other))
    except Rejected:
        return False


def wait_for(outcome: Callable[[], Answer | None], *, timeout: float) -> Answer:
    """Ask until there is an answer, at most `timeout` seconds.

    Raises:
        NotAnsweredInTime: there is none yet.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_POLL_SECONDS
    while (answer := outcome()) is None:
        if time.monotonic() + pause > deadline:
            raise NotAnsweredInTime(NotAnsweredInTime.__doc__)
        time.sleep(pause)
        pause = min(pause * 1.5, MAX_POLL_SECONDS)
    return answer


def look(
    tx: RecordsTransaction, script_id: int, submission_id: str, *, sent: Submission | None = None
) -> Answer | None:
    """What became of a submission; None while it waits. With `sent`, only if that is what the answer is to.

    Raises:
        UnknownSubmission: it neither waits nor was answered.
        SameIdOtherContent: what waits, or was answered, under this id is not what was sent.
    """
    found = tx.submissions.get(script_id, submission_id)
    if found is None:
        waiting = tx.inbox.payload_of(script_id, submission_id) if sent else None
        if waiting is not None and sent is not None and not same_content(waiting, encode_submission(sent)):
            raise SameIdOtherContent(submission=submission_id)
        if waiting is not None or tx.inbox.holds(script_id, submission_id):
            return None
        # Answered between the two looks, or never there.
        found = tx.submissions.get(script_id, submission_id)
    if found is None:
        raise UnknownSubmission(script=script_id, submission=submission_id)
    if sent is not None and found.content_hash != content_hash(sent):
        raise SameIdOtherContent(submission=submission_id)
    return found.answer
