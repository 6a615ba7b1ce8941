"""Fountain read again around the lines that changed, which gives the same as reading all of it.

What a line is depends on the lines around it, up to an empty line on either side: that ends a speech, a note and the
title page. Only a boneyard goes on over empty lines; a text with one is always read whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from backfill.content.shape import LegacyLine
from backfill.content.window import Window
from domain.errors import Rejected
from domain.formats.fountain.source import BLANKS, has_blank
from domain.formats.registry import FORMATS
from domain.script.line import Line

_HIDDEN = ("note", "boneyard")
# Stands for what is above: a line of action and an empty line.
_ABOVE = "x\n\n"
_BONEYARD = (b"/*", b"*/")
# A file may have 50,000 lines; the reader refuses more.
MAX_LINES = 40_000


def has_boneyard(content: bytes) -> bool:
    """Whether a text has the beginning or the end of a boneyard."""
    return any(mark in content for mark in _BONEYARD)


def read_fountain(source: Sequence[LegacyLine]) -> tuple[Line, ...]:
    """The lines of a text, each without an id.

    Raises:
        Rejected: the text cannot be read.
    """
    return _read("".join(line.text + line.sep for line in source))


def read_changed_fountain(
    before: Sequence[Line], source: Sequence[LegacyLine], window: Window
) -> tuple[tuple[Line, ...], Window] | None:
    """The lines of a text without a boneyard, and where they differ from those before; None: read all of it.

    `before` are the lines of the text before, one for each of its source lines; `window` says which of these changed.
    """
    if len(source) > MAX_LINES:
        return None
    first, end = window.start, window.old_end
    while first and not _divides(before[first - 1]):
        first -= 1
    while end < len(before):
        end += 1
        if _divides(before[end - 1]):
            break
    new_end = len(source) - (len(before) - end)
    part = source[first:new_end]
    text = "".join(line.text + line.sep for line in part)
    try:
        lines = _read(_ABOVE + text)[1:] if first else _read(text)
    except Rejected:
        return None  # the refusal names a place in the whole text
    if not is_text_of(lines, part) or (end < len(before) and not _divides(lines[-1])):
        return None
    return (*before[:first], *lines, *before[end:]), Window(first, end, new_end)


def is_text_of(lines: Sequence[Line], source: Sequence[LegacyLine]) -> bool:
    """Whether each source line is one line, unchanged."""
    return len(lines) == len(source) and all(map(_is_same, lines, source))


def _read(text: str) -> tuple[Line, ...]:
    return FORMATS["fountain"].read(text.encode(), _no_id).lines


def _no_id() -> str:
    return ""


def _divides(line: Line) -> bool:
    """Whether nothing above a visible line and the empty line after it says anything about the lines below."""
    return (
        has_blank(line.sep) and line.format not in _HIDDEN and "[[" not in line.text and line.text.strip(BLANKS) != ""
    )


def _is_same(line: Line, source: LegacyLine) -> bool:
    return line.text == source.text and line.sep == source.sep
