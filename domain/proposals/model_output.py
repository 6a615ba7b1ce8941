"""Schema of a model's answer: hunks of edits, decoded strictly once it has the usual shape."""

from __future__ import annotations

from itertools import count
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from domain.errors import Rejected
from domain.formats.fountain import FORMAT as FOUNTAIN
from domain.proposals.answer_text import MAX_PROBLEM, holds_answer, json_in, text_of, without_fence
from domain.proposals.lenient_answer import MAX_WHY, usual_shape
from domain.proposals.refusals import ModelOutputInvalid, ModelOutputNotJson, ModelOutputTooLong, NothingProposed
from domain.script.line import LineFormat

MAX_OUTPUT_BYTES = 1 << 20
MAX_HUNKS = 200
MAX_EDITS = 2_000


class NewLine(Struct, frozen=True):
    """A line written by a model; it gets its id when it is inserted. `close`: no empty line follows it."""

    format: LineFormat
    text: str
    close: bool = False


class ShownLine(Struct, frozen=True):
    """A line of the script by its number and the hash that the model was shown."""

    line: str
    expect: str | None = None


class Rewrite(Struct, frozen=True, tag_field="edit", tag="rewrite"):
    """New text for a line, and another format if one is named."""

    line: str
    text: str
    expect: str | None = None
    format: LineFormat | None = None


class Insert(Struct, frozen=True, tag_field="edit", tag="insert"):
    """New lines after a line, which is named by its hash too; null is the start of what is shown."""

    after: str | None
    lines: Annotated[tuple[NewLine, ...], Meta(min_length=1, max_length=MAX_EDITS)]
    expect: str | None = None


class Remove(Struct, frozen=True, tag_field="edit", tag="delete"):
    """Lines to remove."""

    lines: Annotated[tuple[ShownLine, ...], Meta(min_length=1, max_length=MAX_EDITS)]


class Replace(Struct, frozen=True, tag_field="edit", tag="replace"):
    """New content for all lines from one to another, a whole scene for example; without them, for all that is shown."""

    lines: Annotated[tuple[NewLine, ...], Meta(min_length=1, max_length=MAX_EDITS)]
    first: ShownLine | None = None
    last: ShownLine | None = None


Edit = Rewrite | Insert | Remove | Replace


class ProposedHunk(Struct, frozen=True):
    """Edits that are accepted or refused together, and the reason for them."""

    edits: Annotated[tuple[Edit, ...], Meta(min_length=1, max_length=MAX_EDITS)]
    why: Annotated[str, Meta(max_length=MAX_WHY)] = ""


class ProposedEdits(Struct, frozen=True):
    """The whole answer."""

    hunks: tuple[ProposedHunk, ...]


def decode_proposed(output: bytes) -> ProposedEdits:
    """Decode a model's answer and run every check that needs no script.

    Raises:
        ModelOutputTooLong, ModelOutputNotJson, ModelOutputInvalid, ModelRefused, NothingProposed.
    """
    if len(output) > MAX_OUTPUT_BYTES:
        raise ModelOutputTooLong(limit=MAX_OUTPUT_BYTES)
    text = text_of(output)
    try:
        value = json_in(text)
    except ModelOutputNotJson:
        value = _scene_in(text)
        if value is None:
            raise
    try:
        proposed = msgspec.convert(usual_shape(value), ProposedEdits)
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(" - at ")
        raise ModelOutputInvalid(field=field[:MAX_PROBLEM] or "the answer", problem=problem[:MAX_PROBLEM]) from error
    if not proposed.hunks:
        raise NothingProposed
    return _limited(proposed)


def _limited(proposed: ProposedEdits) -> ProposedEdits:
    """The answer within the limits: where it has too many hunks, those with the same reason become one."""
    hunks = proposed.hunks
    if len(hunks) > MAX_HUNKS:
        by_reason: dict[str, list[Edit]] = {}
        for hunk in hunks:
            by_reason.setdefault(hunk.why, []).extend(hunk.edits)
        hunks = tuple(ProposedHunk(tuple(merged), why) for why, merged in by_reason.items())
    if len(hunks) > MAX_HUNKS:
        raise ModelOutputInvalid(field="hunks", problem=f"{len(hunks)} hunks, more than the {MAX_HUNKS} allowed")
    if (edits := sum(len(hunk.edits) for hunk in hunks)) > MAX_EDITS:
        raise ModelOutputInvalid(field="hunks", problem=f"{edits} edits, more than the {MAX_EDITS} allowed")
    return ProposedEdits(hunks)


def _scene_in(text: str) -> dict[str, Any] | None:
    """An answer in Fountain that begins with a scene heading, as new content for that scene; None if it is no scene."""
    if holds_answer(text):
        return None
    try:
        lines = FOUNTAIN.read(without_fence(text).encode(), map(str, count()).__next__).lines
    except Rejected:
        return None
    if not lines or lines[0].format != "scene_heading":
        return None
    return {"lines": [{"format": line.format, "text": line.text} for line in lines]}
