"""Intake: the way in for producers without the database. Their submissions come as messages, whole.

The first act is to put a submission into the inbox; from there on it is like any other, and whatever is wrong with it
is its answer. Only what can have no answer, because it names no script and no id, goes to the dead letters from here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from domain.errors import Rejected
from domain.refusals import Poison, Undecodable
from domain.script.json_depth import decode_at_any_depth
from domain.script.validation import check_id
from domain.submissions.submission import MAX_SCRIPT_ID, MAX_SUBMISSION_BYTES, decode_submission, encode_submission
from materialization.clock import system_clock
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork
from workers.messaging.bell import Bell
from workers.producers.producer import Addressed, put_once

KEPT_BYTES = 4 << 20
"""How much is kept of what can have no answer: the database takes no more at once, unless told to."""

_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)

log = structlog.get_logger(__name__)


class Intake:
    """Takes in submissions, each as often as it is delivered and to the same effect.

    What meets a conflict is not tried again here but delivered again: a database that hangs would use up the time a
    task has, and nobody could tell that from a payload that does.
    """

    def __init__(self, unit_of_work: UnitOfWork, bell: Bell, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._bell = bell
        self._clock = clock

    def take(self, payload: bytes, message: str) -> None:
        """Put a submission into the inbox and ring; or set it aside under the id of its message.

        Raises:
            Conflict: the database is away or busy; nothing is kept, so deliver it again.
        """
        try:
            addressed = address(payload)
            self._put(addressed)
        except Rejected as refusal:
            self.set_aside(payload, refusal, message)
        else:
            self._bell.ring(addressed.script_id)

    def take_message(self, args: Sequence[object], kwargs: Mapping[str, object], message: str) -> None:
        """Take in the submission in a message."""
        try:
            payload = payload_of(args, kwargs)
        except Rejected as refusal:
            self.set_aside_message(args, kwargs, refusal, message)
        else:
            self.take(payload, message)

    def set_aside_message(
        self, args: Sequence[object], kwargs: Mapping[str, object], refusal: Rejected, message: str
    ) -> None:
        """Keep a message among the dead letters: its text where it is one, else all its arguments as JSON."""
        text = args[0] if len(args) == 1 and isinstance(args[0], str) else None
        payload = json.dumps([args, kwargs], default=str, ensure_ascii=False) if text is None else text
        self.set_aside(payload.encode(errors="surrogatepass"), refusal, message)

    def set_aside(self, payload: bytes, refusal: Rejected, message: str) -> None:
        """Keep among the dead letters what can have no answer; once, however often it is delivered.

        Raises:
            Conflict: the database is away or busy; nothing is kept, so deliver it again.
        """
        name = None if isinstance(refusal, Poison) else _named_in(payload)  # which is what may have ended the worker
        script_id, submission_id = name or (0, message if _WORD.fullmatch(message) else "")
        now = self._clock()
        row = DeadLetter(0, script_id, submission_id, refusal.code, refusal.message, payload, now)
        self._keep(row.cut_to(KEPT_BYTES))
        log.warning("intake.set_aside", script_id=script_id, submission_id=submission_id, code=refusal.code)

    def _put(self, addressed: Addressed) -> None:
        with self._unit_of_work.records() as tx:
            put_once(tx, addressed, self._clock())

    def _keep(self, row: DeadLetter) -> None:
        with self._unit_of_work.records() as tx:
            if not tx.rejected.holds(row):
                tx.rejected.put([row])


def payload_of(args: Sequence[object], kwargs: Mapping[str, object]) -> bytes:
    """The submission in a message: its one argument, as JSON text or as the object that the text would be.

    Raises:
        Undecodable: it has another shape, or holds what JSON does not.
    """
    match args:
        case [str(text)] if not kwargs:
            return text.encode(errors="surrogatepass")
        case [dict(submission)] if not kwargs:
            return _json(submission)
    raise Undecodable(problem="the message must have one argument, the submission")


def address(payload: bytes) -> Addressed:
    """Where a submission belongs, read from its payload.

    Raises:
        Rejected: why it is none, where it names no script and no id to be answered under.
    """
    try:
        submission = decode_submission(payload)
    except Rejected:
        named = _named_in(payload) if len(payload) <= MAX_SUBMISSION_BYTES else None
        if named is None:
            raise
        return Addressed(*named, payload)
    return Addressed(submission.script_id, submission.submission_id, encode_submission(submission))


class _Name(msgspec.Struct):
    script_id: int
    submission_id: str


_name_decoder = msgspec.json.Decoder(_Name)


def _named_in(payload: bytes) -> tuple[int, str] | None:
    try:
        name = decode_at_any_depth(_name_decoder, payload)
        check_id("submission_id", name.submission_id)
    except (msgspec.DecodeError, UnicodeDecodeError, Rejected):
        return None
    return (name.script_id, name.submission_id) if 1 <= name.script_id <= MAX_SCRIPT_ID else None


def _json(submission: dict[object, object]) -> bytes:
    try:
        return json.dumps(submission, ensure_ascii=False).encode(errors="surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        raise Undecodable(problem=type(error).__name__) from error
