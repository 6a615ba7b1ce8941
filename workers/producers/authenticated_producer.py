"""The authenticated producer: enqueues submissions of signed-in users, with their chat message, in one transaction.

    enqueued = AuthenticatedProducer(unit_of_work, producer).enqueue(token, payload, message=message)

The message, its usage and the submission are committed together, then the bell rings; or nothing is stored. The inbox
row names the user, so that the owner of the script is checked again when the submission is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from domain.accounts import CauseReserved, UnknownSession
from domain.chat import ChatMessage, Usage
from domain.errors import Rejected
from domain.refusals import UnknownScript
from domain.script.json_depth import decode_at_any_depth
from domain.submissions.answer import Answer
from domain.submissions.submission import Cause, Submission, decode_cause, decode_submission
from materialization.access import keep_message, require_may_send, require_script_of
from materialization.clock import system_clock
from repos.accounts.sessions import SignedInUser
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.producers.producer import Producer, Receipt, look, wait_for

# A rejected payload is cut to this size in the dead letters.
KEPT_BYTES = 1 << 20
MAX_ID = (1 << 63) - 1


class Enqueued(NamedTuple):
    """A submission that is in the inbox, and the id of its chat message."""

    receipt: Receipt
    message_id: int | None


class AuthenticatedProducer:
    """Enqueues submissions by the session of a user; rejected ones are kept as dead letters."""

    def __init__(
        self, unit_of_work: UnitOfWork, producer: Producer, *, clock: Callable[[], int] = system_clock
    ) -> None:
        self._unit_of_work = unit_of_work
        self._producer = producer
        self._clock = clock

    def enqueue(
        self, token: str, payload: bytes, *, message: ChatMessage | None = None, usages: Sequence[Usage] = ()
    ) -> Enqueued:
        """Put a submission into the inbox for the user of a session, with the chat message that caused it.

        The message gets the user and the script of the submission, and its id becomes the submission's cause. The actor
        is always the user's name.

        Raises:
            Rejected: the user is not permitted to send this, or it is not valid in itself. Only a dead letter is kept;
                with an unknown session, nothing is.
        """
        try:
            with self._unit_of_work.records() as tx:
                return self._enqueue(tx, token, payload, message, usages)
        except UnknownSession:
            raise
        except Rejected as refusal:
            self._keep_rejected(token, payload, refusal)
            raise

    def new_script_id(self, token: str) -> int:
        """A new script id, reserved for the user of a session.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: the session is not valid.
        """
        with self._unit_of_work.records() as tx:
            return tx.scripts.new_id(tx.sign_ins.require_user(token, self._clock()).user_id)

    def outcome(self, token: str, script_id: int, submission_id: str) -> Answer | None:
        """The answer to a submission, for a user who may read its script; None while it is pending.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: the session is not valid.
            UnknownScript, NotYourScript: the user may not read the script.
            UnknownSubmission: it is neither pending nor answered.
        """
        with self._unit_of_work.reading() as tx:
            user_id = tx.sign_ins.require_user(token, self._clock()).user_id
            _require_readable(tx, script_id, user_id)
            return look(tx, script_id, submission_id)

    def wait(self, token: str, script_id: int, submission_id: str, *, timeout: float) -> Answer:
        """Wait, at most `timeout` seconds, for the answer to a submission, as `outcome` returns it.

        Raises:
            NotAnsweredInTime: it is still pending.
            Rejected: as for `outcome`.
        """
        return wait_for(partial(self.outcome, token, script_id, submission_id), timeout=timeout)

    def _enqueue(
        self, tx: RecordsTransaction, token: str, payload: bytes, message: ChatMessage | None, usages: Sequence[Usage]
    ) -> Enqueued:
        now = self._clock()
        user = tx.sign_ins.require_user(token, now)
        submission = decode_submission(payload)
        require_may_send(tx, submission, user.user_id)
        if submission.cause.replays is not None:
            raise CauseReserved(field="cause.replays")
        submission = replace(submission, actor=user.name)
        if message is None:
            return Enqueued(self._put(tx, submission, user), submission.cause.chat_message_id)
        if (earlier := _earlier_of(tx, submission)) is not None:
            return self._enqueue_again(tx, submission, user, earlier)
        about = replace(message, script_id=submission.script_id, user_id=user.user_id)
        message_id = keep_message(tx, about, usages, now)
        return Enqueued(self._put(tx, _because_of(submission, message_id), user), message_id)

    def _enqueue_again(
        self, tx: RecordsTransaction, submission: Submission, user: SignedInUser, earlier: _Earlier
    ) -> Enqueued:
        """Enqueue a repeated submission, perhaps after a lost receipt, with the chat message and actor of the first."""
        if earlier.cause is None:
            return Enqueued(self._producer.receipt(submission), None)
        message_id = earlier.cause.chat_message_id
        again = _because_of(replace(submission, actor=earlier.actor), message_id)
        return Enqueued(self._put(tx, again, user), message_id)

    def _put(self, tx: RecordsTransaction, submission: Submission, user: SignedInUser) -> Receipt:
        return self._producer.enqueue(submission, tx, user_id=user.user_id)

    def _keep_rejected(self, token: str, payload: bytes, refusal: Rejected) -> None:
        script_id, submission_id = _named_in(payload)
        now = self._clock()
        with self._unit_of_work.records() as tx:
            user_id = tx.sign_ins.holder(token)
            code, message = refusal.code, refusal.message
            row = DeadLetter(0, script_id, submission_id, code, message, payload, now, user_id)
            tx.rejected.put_own(row.cut_to(KEPT_BYTES))


class _Name(msgspec.Struct):
    script_id: int = 0
    submission_id: str = ""


_name_decoder = msgspec.json.Decoder(_Name)


def _require_readable(tx: RecordsTransaction, script_id: int, user_id: int) -> None:
    """Check that the user owns the script, or the id of a script that does not exist yet."""
    try:
        require_script_of(tx, script_id, user_id)
    except UnknownScript:
        given = tx.script_ids.given(script_id)
        if given is None or given.user_id != user_id:
            raise


class _Earlier(NamedTuple):
    """The actor and cause with which a submission was first sent; no cause if no version of it records them."""

    actor: str
    cause: Cause | None


def _earlier_of(tx: RecordsTransaction, submission: Submission) -> _Earlier | None:
    """The first sending of a submission that is pending or answered; None where it is neither."""
    script_id, submission_id = submission.script_id, submission.submission_id
    pending = tx.inbox.payload_of(script_id, submission_id)
    if pending is not None:
        first = decode_submission(pending)
        return _Earlier(first.actor, first.cause)
    answered = tx.submissions.get(script_id, submission_id)
    if answered is None:
        return None
    version = answered.answer.first_version
    entry = tx.commands.get(script_id, version) if version else None
    return _Earlier("", None) if entry is None else _Earlier(entry.actor, decode_cause(entry.cause))


def _because_of(submission: Submission, message_id: int | None) -> Submission:
    return replace(submission, cause=replace(submission.cause, chat_message_id=message_id))


def _named_in(payload: bytes) -> tuple[int, str]:
    """The script id and submission id in a payload, as far as they can be read."""
    try:
        name = decode_at_any_depth(_name_decoder, payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0, ""
    number = name.script_id if 1 <= name.script_id <= MAX_ID else 0
    return number, name.submission_id if len(name.submission_id) <= 64 and name.submission_id.isascii() else ""
