"""Submissions from producers, and their strict decoding."""

from __future__ import annotations

import re
from functools import reduce
from hashlib import sha256
from operator import or_
from typing import TYPE_CHECKING, Literal, get_args

import msgspec
from msgspec import Struct, field

from domain.commands.base import Command
from domain.commands.registry import KINDS
from domain.errors import Corrupt, Rejected
from domain.refusals import (
    AuthorIncomplete,
    BadPayload,
    LoneSurrogate,
    MissingField,
    NoCommands,
    NotForAi,
    SubmissionTooLarge,
    TooManyCommands,
    TooManyValues,
    Undecodable,
    UnknownField,
    UnknownKind,
    WrongType,
)
from domain.script.json_depth import cut_deep
from domain.script.json_values import MAX_VALUES, count_values
from domain.script.validation import EXACT, MAX_DEPTH, Count, check_expect, check_id, check_text
from domain.submissions.origin import Origin, check_origin

MAX_COMMANDS = 10_000
MAX_SUBMISSION_BYTES = 16 << 20
MAX_SCRIPT_ID = EXACT - 1
MAX_WORD = 120

Author = Literal["user", "ai", "system", "import", "backfill"]
AUTHORS: tuple[str, ...] = get_args(Author)

if TYPE_CHECKING:
    AnyCommand = Command
else:
    AnyCommand = reduce(or_, (KINDS[kind] for kind in sorted(KINDS)))  # tagged union on `kind`


class Cause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The cause of a submission. An AI names its model, its prompt or the prompt's hash, and its run.

    A backfill names the legacy row in `origin`.
    """

    model: str | None = None
    prompt: str | None = None
    prompt_sha256: str | None = None
    run_id: str | None = None
    chat_message_id: Count | None = None
    proposal_id: Count | None = None
    replays: str | None = None
    undoes: Count | None = None
    origin: Origin | None = None


class Submission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """1 to 10,000 commands on one script under one id: the unit that is enqueued, applied and answered.

    `base_version` is the version the author saw (0 for a script.create). `occurred_at` is the author's clock, in
    microseconds since 1970 UTC. `apply_rest` accepts each command alone instead of all or none.
    """

    script_id: int
    submission_id: str
    author: Author
    base_version: Count
    commands: tuple[AnyCommand, ...]
    actor: str = ""
    cause: Cause = field(default_factory=Cause)
    after_submission: str | None = None
    apply_rest: bool = False
    occurred_at: Count | None = None


_NO_CAUSE = Cause()

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decoder = msgspec.json.Decoder(Submission)
_encoder = msgspec.json.Encoder(order="deterministic")
_cause_decoder = msgspec.json.Decoder(Cause)
_command_decoder = msgspec.json.Decoder(AnyCommand)
_commands_decoder = msgspec.json.Decoder(tuple[AnyCommand, ...])

_HALF_SURROGATE = re.compile(
    rb"(?<!\\)(?:\\\\)*+(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F])"
)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REFUSALS: dict[str, type[Rejected]] = {
    "Object contains unknown field": UnknownField,
    "Object missing required field": MissingField,
    "Invalid value": UnknownKind,
}
MAX_PROBLEM = 300


def decode_submission(data: bytes) -> Submission:
    """Decode a submission from JSON bytes and run every check that needs no state.

    Of a field sent twice the last one counts, as in every JSON reader. What is stored is re-encoded, so no later
    reader sees the other.

    Raises:
        Rejected: with a stable code and a sentence that names the field.
    """
    if len(data) > MAX_SUBMISSION_BYTES:
        raise SubmissionTooLarge(size=len(data), limit=MAX_SUBMISSION_BYTES)
    if len(data) > MAX_VALUES and (count := count_values(data)) > MAX_VALUES:
        raise TooManyValues(count=count, limit=MAX_VALUES)
    try:
        submission = _decoder.decode(data)
    except _UNREADABLE as error:
        raise _refusal_at_any_depth(error, data) from error
    check_submission(submission)
    return submission


def check_submission(submission: Submission) -> None:
    """Refuse a submission that is invalid whatever the state of its script (`Rejected`)."""
    count = len(submission.commands)
    if count > MAX_COMMANDS:
        raise TooManyCommands(count=count, limit=MAX_COMMANDS)
    if count == 0:
        raise NoCommands
    _check_frame(submission)
    for position, command in enumerate(submission.commands):
        try:
            _check_command(command, submission.author)
        except Rejected as refusal:
            refusal.locate(f"commands[{position}]")
            raise


def require_named(cause: Cause) -> None:
    """Refuse the cause of an AI's submission that lacks model, run or prompt (`AuthorIncomplete`)."""
    if not (_is_filled(cause.model) and _is_filled(cause.run_id) and (_is_filled(cause.prompt) or cause.prompt_sha256)):
        raise AuthorIncomplete(author="ai", missing="model, run_id, and prompt or prompt_sha256")


def encode_submission(submission: Submission) -> bytes:
    """The canonical JSON bytes of a submission."""
    return _encoder.encode(submission)


def content_hash(submission: Submission) -> bytes:
    """32 bytes to compare the content of two submissions with one id."""
    return sha256(encode_submission(submission)).digest()


def encode_command(command: Command) -> bytes:
    """A command as the JSON bytes that are stored in the log."""
    return _encoder.encode(command)


def encode_commands(commands: tuple[Command, ...]) -> bytes:
    """Commands as one JSON array."""
    return _encoder.encode(commands)


def decode_commands(data: bytes) -> tuple[Command, ...]:
    """Commands that were stored as one JSON array; Corrupt where the bytes are invalid."""
    try:
        return _commands_decoder.decode(data)
    except _UNREADABLE as error:
        raise Corrupt(f"stored commands cannot be read: {error}") from error


def decode_command(data: bytes) -> Command:
    """A command from the log; Corrupt where the bytes are invalid."""
    try:
        return _command_decoder.decode(data)
    except _UNREADABLE as error:
        raise Corrupt(f"a stored command cannot be read: {error}") from error


def encode_cause(cause: Cause) -> bytes:
    """A cause as the JSON bytes that are stored."""
    return _encoder.encode(cause)


def decode_cause(data: bytes) -> Cause:
    """A stored cause; Corrupt where the bytes are none."""
    try:
        return _cause_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Corrupt(f"a stored cause cannot be read: {error}") from error


def _check_command(command: Command, author: Author) -> None:
    if author == "ai" and command.needs_person():
        raise NotForAi(kind=command.kind())
    command.check()
    for guard in command.guards():
        check_id(guard.kind, guard.id)
        check_expect("expect", guard.expect)


def _check_frame(submission: Submission) -> None:
    check_id("submission_id", submission.submission_id)
    check_text("actor", submission.actor)
    if submission.after_submission is not None:
        check_id("after_submission", submission.after_submission)
    if not 1 <= submission.script_id <= MAX_SCRIPT_ID:
        raise BadPayload(field="script_id", problem="must be a positive number below 2^53")
    if not 0 <= submission.base_version < EXACT:
        raise BadPayload(field="base_version", problem="must be 0 or a version number")
    if submission.occurred_at is not None and not 0 <= submission.occurred_at < EXACT:
        raise BadPayload(field="occurred_at", problem="must be microseconds since 1970")
    if len(submission.actor) > MAX_WORD:
        raise BadPayload(field="actor", problem=f"has more than {MAX_WORD} characters")
    _check_cause(submission)


def _check_cause(submission: Submission) -> None:
    cause = submission.cause
    if cause == _NO_CAUSE and submission.author != "ai":
        return
    for name in ("model", "run_id", "replays", "prompt"):
        if (value := getattr(cause, name)) is not None:
            check_text(f"cause.{name}", value, line_ends=name == "prompt")
            if name != "prompt" and len(value) > MAX_WORD:
                raise BadPayload(field=f"cause.{name}", problem=f"has more than {MAX_WORD} characters")
    # Every command in the log carries its cause.
    if len(encode_cause(cause)) * len(submission.commands) > MAX_SUBMISSION_BYTES:
        problem = f"too long to store with each of {len(submission.commands)} commands; send prompt_sha256 instead"
        raise BadPayload(field="cause.prompt", problem=problem)
    if cause.prompt_sha256 is not None and not _SHA256.fullmatch(cause.prompt_sha256):
        raise BadPayload(field="cause.prompt_sha256", problem="must be 64 digits 0-9 and a-f")
    if cause.origin is not None:
        check_origin(submission.author, cause.origin)
    if submission.author == "ai":
        require_named(cause)


def _is_filled(word: str | None) -> bool:
    return bool(word and word.strip())


def _refusal_at_any_depth(error: Exception, data: bytes) -> Rejected:
    """The refusal of undecodable bytes: the same on every interpreter, though some stop earlier in deep JSON."""
    shallow = cut_deep(data)
    if shallow is None:
        return _refusal_of(error, data)
    try:
        check_submission(_decoder.decode(shallow))
    except _UNREADABLE as shallow_error:
        return _refusal_of(shallow_error, shallow)
    except Rejected as refusal:
        return refusal
    return BadPayload(field="the submission", problem=f"nested more than {MAX_DEPTH} deep")


def _refusal_of(error: Exception, data: bytes) -> Rejected:
    problem, _, path = str(error).rpartition(" - at `$")
    # Without a path, the error is about the whole submission, or its message quotes something very long.
    in_a_field = problem and path.endswith("`") and len(path) <= MAX_PROBLEM
    facts = {
        "problem": (problem if in_a_field else str(error))[:MAX_PROBLEM],
        "field": path[:-1].removeprefix(".") if in_a_field else "the submission",
    }
    if not isinstance(error, msgspec.ValidationError):
        return LoneSurrogate(**facts) if _HALF_SURROGATE.search(data) else Undecodable(**facts)
    for beginning, refusal in _REFUSALS.items():
        if facts["problem"].startswith(beginning):
            return refusal(**facts)
    return WrongType(**facts)
