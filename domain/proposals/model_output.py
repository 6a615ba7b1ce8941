"""Schema of a model's answer: hunks of edits, decoded strictly."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from domain.commands.base import Target
from domain.proposals.refusals import ModelOutputInvalid, ModelOutputNotJson, ModelOutputTooLong, NothingProposed
from domain.script.line import LineFormat

MAX_OUTPUT_BYTES = 256 << 10
MAX_HUNKS = 50
MAX_EDITS = 200
MAX_WHY = 1_000
MAX_PROBLEM = 300


class NewLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line written by a model; it gets its id when it is inserted."""

    format: LineFormat
    text: str


class Rewrite(Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="rewrite"):
    """New text for a line, and another format if one is named."""

    line: str
    expect: str
    text: str
    format: LineFormat | None = None


class Insert(Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="insert"):
    """New lines after a line; null is the start of the script."""

    after: str | None
    lines: Annotated[tuple[NewLine, ...], Meta(min_length=1, max_length=MAX_EDITS)]


class Remove(Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="delete"):
    """Lines to remove, each as ``["id", "expect"]``."""

    lines: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=MAX_EDITS)]


class ProposedHunk(Struct, frozen=True, forbid_unknown_fields=True):
    """Edits that are accepted or refused together, and the reason for them."""

    edits: Annotated[tuple[Rewrite | Insert | Remove, ...], Meta(min_length=1, max_length=MAX_EDITS)]
    why: Annotated[str, Meta(max_length=MAX_WHY)] = ""


class ProposedEdits(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole answer."""

    hunks: Annotated[tuple[ProposedHunk, ...], Meta(max_length=MAX_HUNKS)]


_decoder = msgspec.json.Decoder(ProposedEdits)


def decode_proposed(output: bytes) -> ProposedEdits:
    """Decode a model's answer and run every check that needs no script.

    Raises:
        ModelOutputTooLong, ModelOutputNotJson, ModelOutputInvalid, NothingProposed.
    """
    if len(output) > MAX_OUTPUT_BYTES:
        raise ModelOutputTooLong(limit=MAX_OUTPUT_BYTES)
    try:
        proposed = _decoder.decode(output)
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(" - at ")
        raise ModelOutputInvalid(field=field[:MAX_PROBLEM] or "the answer", problem=problem[:MAX_PROBLEM]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelOutputNotJson(problem=str(error)[:MAX_PROBLEM]) from error
    if not proposed.hunks:
        raise NothingProposed
    return proposed
