"""The door: the way in for an application whose users sign in. From chat to edit in one transaction.

    entered = Door(unit_of_work, producer).enter(token, payload, said=message)

The message, what it cost and the submission are committed together, then the bell rings; or none of it is there. The
row in the inbox names the user, so that the owner of the script is compared again when it is applied.
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

KEPT_BYTES = 1 << 20
"""How much is kept of what was turned away."""
MAX_ID = (1 << 63) - 1


class Enqueued(NamedTuple):
    """A submission that is in the inbox, and the number of the chat message it came with."""

    receipt: Receipt
    message_id: int | None


class AuthenticatedProducer:
    """Lets submissions in by the session of a user; what it turns away is among the dead letters."""

    def __init__(
        self, unit_of_work: UnitOfWork, producer: Producer, *, clock: Callable[[], int] = system_clock
    ) -> None:
        self._unit_of_work = unit_of_work
        self._producer = producer
        self._clock = clock

    def enter(
        self, token: str, payload: bytes, *, said: ChatMessage | None = None, usages: Sequence[Usage] = ()
    ) -> Enqueued:
        """Put a submission into the inbox for whoever holds a session, with the chat message that asked for it.

        The message becomes the user's, about the script of the submission, and its number the submission's cause. The
        actor is the user's name, whatever was sent.

        Raises:
            Rejected: whoever asks may not, or what they send is not valid in itself. Nothing of it is kept but a dead
                letter; of strangers, whose session is unknown, not even that.
        """
        try:
            with self._unit_of_work.records() as tx:
                return self._enter(tx, token, payload, said, usages)
        except UnknownSession:
            raise
        except Rejected as refusal:
            self._set_aside(token, payload, refusal)
            raise

    def new_script_id(self, token: str) -> int:
        """A number for a script that the holder of a session is about to create; no other user can use it.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: the session is not good.
        """
        with self._unit_of_work.records() as tx:
            return tx.scripts.new_id(tx.sign_ins.require_user(token, self._clock()).user_id)

    def outcome(self, token: str, script_id: int, submission_id: str) -> Answer | None:
        """What became of a submission, for whoever may read its script; None while it waits.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: the session is not good.
            UnknownScript, NotYourScript: the user may not read the script.
            UnknownSubmission: it neither waits nor was answered.
        """
        with self._unit_of_work.reading() as tx:
            user_id = tx.sign_ins.require_user(token, self._clock()).user_id
            _require_readable(tx, script_id, user_id)
            return look(tx, script_id, submission_id)

    def wait(self, token: str, script_id: int, submission_id: str, *, timeout: float) -> Answer:
        """Wait, at most `timeout` seconds, for the answer to a submission, as `outcome` gives it.

        Raises:
            NotAnsweredInTime: it waits still.
            Rejected: as for `outcome`.
        """
        return wait_for(partial(self.outcome, token, script_id, submission_id), timeout=timeout)

    def _enter(
        self, tx: RecordsTransaction, token: str, payload: bytes, said: ChatMessage | None, usages: Sequence[Usage]
    ) -> Enqueued:
        now = self._clock()
        user = tx.sign_ins.require_user(token, now)
        submission = decode_submission(payload)
        require_may_send(tx, submission, user.user_id)
        if submission.cause.replays is not None:
            raise CauseReserved(field="cause.replays")
        submission = replace(submission, actor=user.name)
        if said is None:
            return Enqueued(self._put(tx, submission, user), submission.cause.chat_message_id)
        if _is_known(tx, submission):
            return self._enter_again(tx, submission, user)
        about = replace(said, script_id=submission.script_id, user_id=user.user_id)
        message_id = keep_message(tx, about, usages, now)
        return Enqueued(self._put(tx, _because_of(submission, message_id), user), message_id)

    def _enter_again(self, tx: RecordsTransaction, submission: Submission, user: SignedInUser) -> Enqueued:
        """The same once more, perhaps because its receipt was lost: with the message and the name of the first time."""
        first = _first_of(tx, submission)
        if first is None:
            return Enqueued(self._producer.receipt(submission), None)
        again = _because_of(replace(submission, actor=first.actor), first.cause.chat_message_id)
        return Enqueued(self._put(tx, again, user), first.cause.chat_message_id)

    def _put(self, tx: RecordsTransaction, submission: Submission, user: SignedInUser) -> Receipt:
        return self._producer.enqueue(submission, tx, user_id=user.user_id)

    def _set_aside(self, token: str, payload: bytes, refusal: Rejected) -> None:
        script_id, submission_id = _named_in(payload)
        now = self._clock()
        with self._unit_of_work.records() as tx:
            user_id = tx.sign_ins.holder(token)
            code, message = refusal.code, refusal.message
            row = DeadLetter(0, script_id, submission_id, code, message, payload, now, user_id)
            tx.rejected.put([row.cut_to(KEPT_BYTES)])


class _Name(msgspec.Struct):
    script_id: int = 0
    submission_id: str = ""


_name_decoder = msgspec.json.Decoder(_Name)


def _is_known(tx: RecordsTransaction, submission: Submission) -> bool:
    script_id, submission_id = submission.script_id, submission.submission_id
    return tx.inbox.holds(script_id, submission_id) or tx.submissions.get(script_id, submission_id) is not None


def _require_readable(tx: RecordsTransaction, script_id: int, user_id: int) -> None:
    """Refuse to tell of a script that is another's, or that is not there and has a number of another's."""
    try:
        require_script_of(tx, script_id, user_id)
    except UnknownScript:
        given = tx.script_ids.given(script_id)
        if given is None or given.user_id != user_id:
            raise


class _First(NamedTuple):
    """In whose name and because of what a submission was first sent."""

    actor: str
    cause: Cause


def _first_of(tx: RecordsTransaction, submission: Submission) -> _First | None:
    """How a submission was first sent; None where it was answered and left no version that says."""
    waiting = tx.inbox.payload_of(submission.script_id, submission.submission_id)
    if waiting is not None:
        first = decode_submission(waiting)
        return _First(first.actor, first.cause)
    answered = tx.submissions.get(submission.script_id, submission.submission_id)
    version = answered.answer.first_version if answered else None
    entry = tx.commands.get(submission.script_id, version) if version else None
    return _First(entry.actor, decode_cause(entry.cause)) if entry else None


def _because_of(submission: Submission, message_id: int | None) -> Submission:
    return replace(submission, cause=replace(submission.cause, chat_message_id=message_id))


def _named_in(payload: bytes) -> tuple[int, str]:
    """The script and the id that a payload names, as far as they can be read."""
    try:
        name = decode_at_any_depth(_name_decoder, payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0, ""
    number = name.script_id if 1 <= name.script_id <= MAX_ID else 0
    return number, name.submission_id if len(name.submission_id) <= 64 and name.submission_id.isascii() else ""
