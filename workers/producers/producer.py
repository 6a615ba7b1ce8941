"""The producer: enqueues submissions and reads their answers. A row is durable before its bell rings."""

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
    """The submission is still pending. It is stored, and will be answered when a worker reaches it."""


class Addressed(NamedTuple):
    """A payload for the inbox, canonical where it is valid, with the script id and submission id of its answer."""

    script_id: int
    submission_id: str
    payload: bytes


class Receipt(NamedTuple):
    """A receipt for a submission; it is in the inbox once the transaction that enqueued it commits."""

    script_id: int
    submission_id: str
    bell: Bell

    def ring(self) -> bool:
        """Ring for the workers, after a commit outside this module; return whether the broker took the bell."""
        return self.bell.ring(self.script_id)


class Producer:
    """Puts submissions into the inbox, and reads their answers."""

    def __init__(self, unit_of_work: UnitOfWork, bell: Bell, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._bell = bell
        self._clock = clock

    def enqueue(
        self, submission: Submission, tx: RecordsTransaction | None = None, *, user_id: int | None = None
    ) -> Receipt:
        """Put a submission into the inbox, in the transaction of `tx` or one of its own, and ring after its commit.

        Idempotent by the submission id. With `user_id` it is applied only if this user may edit the script at that
        moment; without, the program is responsible for it.

        Raises:
            Rejected: the submission is not valid in itself, or its id is pending with other content.
        """
        check_submission(submission)
        if tx is not None:
            return self._put(submission, tx, user_id)
        with self._unit_of_work.statement() as own:
            return self._put(submission, own, user_id)

    def enqueue_all(self, submissions: Iterable[Submission]) -> list[Receipt]:
        """Put many submissions into the inbox, in one transaction, and ring once for each script after its commit.

        Raises:
            Rejected: one is not valid in itself, and none is enqueued; or an id is pending with other content, and only
                those before it are enqueued.
        """
        many = list(submissions)
        for submission in many:
            check_submission(submission)
        now = self._clock()
        rows = [(item.script_id, item.submission_id, encode_submission(item), now) for item in many]
        try:
            with self._unit_of_work.records() as tx:
                tx.inbox.put_all(rows)
        except DuplicateKey:
            return [self.enqueue(submission) for submission in many]
        self._bell.ring_all(dict.fromkeys(item.script_id for item in many))
        return [self.receipt(submission) for submission in many]

    def receipt(self, submission: Submission) -> Receipt:
        """The receipt for a submission that is pending or answered."""
        return Receipt(submission.script_id, submission.submission_id, self._bell)

    def outcome(self, script_id: int, submission_id: str, *, sent: Submission | None = None) -> Answer | None:
        """The answer to a submission; None while it is pending. With `sent`, its content is compared.

        Raises:
            UnknownSubmission: it is neither pending nor answered.
            SameIdOtherContent: the submission with this id differs from `sent`.
        """
        with self._unit_of_work.reading() as tx:
            return look(tx, script_id, submission_id, sent=sent)

    def wait(self, script_id: int, submission_id: str, *, timeout: float, sent: Submission | None = None) -> Answer:
        """Wait, at most `timeout` seconds, for the answer to a submission. With `sent`, its content is compared.

        Raises:
            NotAnsweredInTime: it is still pending.
            UnknownSubmission: it is neither pending nor answered.
            SameIdOtherContent: the submission with this id differs from `sent`.
        """
        return wait_for(partial(self.outcome, script_id, submission_id, sent=sent), timeout=timeout)

    def _put(self, submission: Submission, tx: RecordsTransaction, user_id: int | None) -> Receipt:
        receipt = self.receipt(submission)
        addressed = Addressed(receipt.script_id, receipt.submission_id, encode_submission(submission))
        put_once(tx, addressed, self._clock(), user_id=user_id)
        tx.after_commit(receipt.ring)
        return receipt


def put_once(tx: RecordsTransaction, addressed: Addressed, now: int, *, user_id: int | None = None) -> None:
    """Put a submission of a user or of the program into the inbox, unless the same is already pending.

    Raises:
        SameIdOtherContent: its id is pending with other content, or for another user.
    """
    script_id, submission_id, payload = addressed
    if tx.inbox.put(script_id, submission_id, payload, now, user_id=user_id) is not None:
        return
    pending = tx.inbox.held(script_id, submission_id)
    if pending is None:
        return
    if not same_content(pending.payload, payload) or (user_id is not None and pending.user_id not in (None, user_id)):
        raise SameIdOtherContent(submission=submission_id)
    if user_id is None and pending.user_id is not None:
        # The program is now responsible for it, whatever that user may do.
        tx.inbox.release(script_id, submission_id)


def same_content(one: bytes, other: bytes) -> bool:
    """Whether two payloads have the same content: another program may write the fields in another order."""
    try:
        return one == other or content_hash(decode_submission(one)) == content_hash(decode_submission(other))
    except Rejected:
        return False


def wait_for(outcome: Callable[[], Answer | None], *, timeout: float) -> Answer:
    """Poll until there is an answer, at most `timeout` seconds.

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
    """The answer to a submission; None while it is pending. With `sent`, its content is compared.

    Raises:
        UnknownSubmission: it is neither pending nor answered.
        SameIdOtherContent: the submission with this id differs from `sent`.
    """
    answered = tx.submissions.get(script_id, submission_id)
    if answered is None:
        pending = tx.inbox.payload_of(script_id, submission_id) if sent else None
        if pending is not None and sent is not None and not same_content(pending, encode_submission(sent)):
            raise SameIdOtherContent(submission=submission_id)
        if pending is not None or tx.inbox.holds(script_id, submission_id):
            return None
        # Either answered between the two queries, or never enqueued.
        answered = tx.submissions.get(script_id, submission_id)
    if answered is None:
        raise UnknownSubmission(script=script_id, submission=submission_id)
    if sent is not None and answered.content_hash != content_hash(sent):
        raise SameIdOtherContent(submission=submission_id)
    return answered.answer
