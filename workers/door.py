"""The door: the way in for an application whose users sign in. From chat to edit in one transaction.

    entered = Door(unit_of_work, producer).enter(token, payload, said=message)

The message, what it cost and the submission are committed together, then the bell rings; or none of it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from domain.access import UnknownSession
from domain.chat import ChatMessage, Usage
from domain.errors import Rejected
from domain.submission import Cause, Submission, decode_submission
from materialization.access import keep_message, require_may_send
from materialization.clock import system_clock
from repos.rejected import RejectedRow
from repos.unit_of_work import RecordsWork, UnitOfWork
from workers.enqueue import Producer, Receipt

KEPT_BYTES = 1 << 20
"""How much is kept of what was turned away."""
MAX_ID = (1 << 63) - 1


class Entered(NamedTuple):
    """A submission that is in the inbox, and the number of the chat message it came with."""

    receipt: Receipt
    message_id: int | None


class Door:
    """Lets submissions in by the session of a user; what it turns away is among the dead letters."""

    def __init__(
        self, unit_of_work: UnitOfWork, producer: Producer, *, clock: Callable[[], int] = system_clock
    ) -> None:
        self._unit_of_work = unit_of_work
        self._producer = producer
        self._clock = clock

    def enter(
        self, token: str, payload: bytes, *, said: ChatMessage | None = None, usages: Sequence[Usage] = ()
    ) -> Entered:
        """Put a submission into the inbox for whoever holds a session, with the chat message that asked for it.

        The message becomes the user's, about the script of the submission, and its number the submission's cause.

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
            self._set_aside(payload, refusal)
            raise

    def _enter(
        self, tx: RecordsWork, token: str, payload: bytes, said: ChatMessage | None, usages: Sequence[Usage]
    ) -> Entered:
        now = self._clock()
        user_id = tx.sign_ins.require(token, now).user_id
        submission = decode_submission(payload)
        require_may_send(tx, submission, user_id)
        if said is None:
            return Entered(self._producer.enqueue(submission, tx), submission.cause.chat_message_id)
        if _is_known(tx, submission):
            return self._enter_again(tx, submission)
        about = replace(said, script_id=submission.script_id, user_id=user_id)
        message_id = keep_message(tx, about, usages, now)
        return Entered(self._producer.enqueue(_because_of(submission, message_id), tx), message_id)

    def _enter_again(self, tx: RecordsWork, submission: Submission) -> Entered:
        """The same once more, perhaps because its receipt was lost: with the message of the first time."""
        first = _cause_of(tx, submission)
        if first is None:
            return Entered(self._producer.receipt(submission), None)
        again = _because_of(submission, first.chat_message_id)
        return Entered(self._producer.enqueue(again, tx), first.chat_message_id)

    def _set_aside(self, payload: bytes, refusal: Rejected) -> None:
        script_id, submission_id = _named_in(payload)
        kept = payload[:KEPT_BYTES]
        row = RejectedRow(0, script_id, submission_id, refusal.code, refusal.message, kept, self._clock())
        with self._unit_of_work.records() as tx:
            tx.rejected.put([row])


class _Name(msgspec.Struct):
    script_id: int = 0
    submission_id: str = ""


def _is_known(tx: RecordsWork, submission: Submission) -> bool:
    script_id, submission_id = submission.script_id, submission.submission_id
    return tx.inbox.holds(script_id, submission_id) or tx.submissions.get(script_id, submission_id) is not None


def _cause_of(tx: RecordsWork, submission: Submission) -> Cause | None:
    """The cause a submission was first sent with; None where it was answered and left no version that says."""
    waiting = tx.inbox.payload_of(submission.script_id, submission.submission_id)
    if waiting is not None:
        return decode_submission(waiting).cause
    answered = tx.submissions.get(submission.script_id, submission.submission_id)
    version = answered.answer.first_version if answered else None
    entry = tx.commands.get(submission.script_id, version) if version else None
    return msgspec.json.decode(entry.cause, type=Cause) if entry else None


def _because_of(submission: Submission, message_id: int | None) -> Submission:
    return replace(submission, cause=replace(submission.cause, chat_message_id=message_id))


def _named_in(payload: bytes) -> tuple[int, str]:
    """The script and the id that a payload names, as far as they can be read."""
    try:
        name = msgspec.json.decode(payload, type=_Name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0, ""
    number = name.script_id if 1 <= name.script_id <= MAX_ID else 0
    return number, name.submission_id if len(name.submission_id) <= 64 and name.submission_id.isascii() else ""
