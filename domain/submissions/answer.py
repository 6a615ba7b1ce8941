"""Answer: the outcome of a submission, which never changes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from domain.errors import Corrupt, Rejected

Outcome = Literal["applied", "partly", "no_op", "refused"]
CommandOutcome = Literal["applied", "no_op", "refused"]


class Refusal(Struct, frozen=True, omit_defaults=True):
    """The reason for a refusal: a stable code, a sentence, and facts (the line's current text, who changed it, …)."""

    code: str
    message: str
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, rejected: Rejected, **more: Any) -> Refusal:
        return cls(rejected.code, rejected.message, {**rejected.facts, **more})


class CommandAnswer(Struct, frozen=True, omit_defaults=True):
    """The outcome of the command at `index` of the submission."""

    index: int
    outcome: CommandOutcome
    version: int | None = None
    note: str | None = None
    refusal: Refusal | None = None


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of a submission.

    `rebased_over` are the versions between its base and the head at the time. `commands` lists the commands that did
    not simply become the next version: no-ops, refusals, and those with a note.
    """

    script_id: int
    submission_id: str
    outcome: Outcome
    first_version: int | None = None
    last_version: int | None = None
    rebased_over: tuple[int, int] | None = None
    refusal: Refusal | None = None
    commands: tuple[CommandAnswer, ...] = ()


class _Rest(Struct, frozen=True, omit_defaults=True):
    rebased_over: tuple[int, int] | None = None
    refusal: Refusal | None = None
    commands: tuple[CommandAnswer, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Answer)
_rest_decoder = msgspec.json.Decoder(_Rest)
_NOTHING = _encoder.encode(_Rest())


def encode_answer(answer: Answer) -> bytes:
    """An answer as JSON bytes."""
    return _encoder.encode(answer)


def decode_answer(data: bytes) -> Answer:
    """An answer from JSON bytes; Corrupt where they are invalid."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Corrupt(f"an answer cannot be read: {error}") from error


def encode_rest(answer: Answer) -> bytes:
    """The fields of an answer that have no column, as the JSON bytes stored with its outcome and versions."""
    if answer.rebased_over is None and answer.refusal is None and not answer.commands:
        return _NOTHING
    return _encoder.encode(_Rest(answer.rebased_over, answer.refusal, answer.commands))


def with_rest(rest: bytes, **columns: Any) -> Answer:
    """An answer from its stored columns and the JSON bytes of its other fields; Corrupt where these are invalid.

    Old rows hold the whole answer in these bytes; fields that are also columns are ignored.
    """
    try:
        more = _rest_decoder.decode(rest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Corrupt(f"a stored answer cannot be read: {error}") from error
    return Answer(**columns, rebased_over=more.rebased_over, refusal=more.refusal, commands=more.commands)
