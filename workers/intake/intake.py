"""The intake for producers without database access, whose submissions arrive as complete messages.

A submission is first put into the inbox. From there it is like any other: a problem with it becomes its answer. Only a
message that cannot have an answer, because it names no script or no id, goes to the dead letters from here.
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

# A payload without an answer is cut to this size: by default the database accepts no larger packet.
KEPT_BYTES = 4 << 20

_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)

log = structlog.get_logger(__name__)


class Intake:
    """Puts submissions into the inbox. Idempotent: repeated deliveries have the same effect.

    After a conflict there is no retry here: the message is redelivered. A database that hangs would use up the time
    limit of the task, which would look like a payload that hangs.
    """

    def __init__(self, unit_of_work: UnitOfWork, bell: Bell, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._bell = bell
        self._clock = clock

    def take(self, payload: bytes, message: str) -> None:
        """Put a submission into the inbox and ring; if it is rejected, keep it as a dead letter under its message's id.

        Raises:
            Conflict: the database is unavailable or busy; nothing is stored, so redeliver the message.
        """
        try:
            addressed = address(payload)
            self._put(addressed)
        except Rejected as refusal:
            self.keep_rejected(payload, refusal, message)
        else:
            self._bell.ring(addressed.script_id)

    def take_message(self, args: Sequence[object], kwargs: Mapping[str, object], message: str) -> None:
        """Take the submission from the arguments of a message."""
        try:
            payload = payload_of(args, kwargs)
        except Rejected as refusal:
            self.keep_rejected_message(args, kwargs, refusal, message)
        else:
            self.take(payload, message)

    def keep_rejected_message(
        self, args: Sequence[object], kwargs: Mapping[str, object], refusal: Rejected, message: str
    ) -> None:
        """Keep a message as a dead letter: its text if that is its only argument, else all arguments as JSON."""
        text = args[0] if len(args) == 1 and isinstance(args[0], str) else None
        payload = json.dumps([args, kwargs], default=str, ensure_ascii=False) if text is None else text
        self.keep_rejected(payload.encode(errors="surrogatepass"), refusal, message)

    def keep_rejected(self, payload: bytes, refusal: Rejected, message: str) -> None:
        """Keep a payload that cannot have an answer as a dead letter. Idempotent across deliveries.

        Raises:
            Conflict: the database is unavailable or busy; nothing is stored, so redeliver the message.
        """
        name = None if isinstance(refusal, Poison) else _named_in(payload)  # decoding may have killed the worker
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
                tx.rejected.put_own(row)


def payload_of(args: Sequence[object], kwargs: Mapping[str, object]) -> bytes:
    """The submission in a message: its one argument, as JSON text or as a decoded object.

    Raises:
        Undecodable: the message has another shape, or holds a value that JSON cannot represent.
    """
    match args:
        case [str(text)] if not kwargs:
            return text.encode(errors="surrogatepass")
        case [dict(submission)] if not kwargs:
            return _json(submission)
    raise Undecodable(problem="the message must have one argument, the submission")


def address(payload: bytes) -> Addressed:
    """The script and id of a submission, read from its payload.

    Raises:
        Rejected: the payload is not a valid submission, and names no script and id for an answer.
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
