"""Spans, that is notes and boneyards, and their removal from lines.

A span that is never closed hides nothing: its opening is text. A note is closed before the next empty line or not
at all; a boneyard may hold empty lines. The span that opens first wins, so a note in a boneyard is boneyard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from domain.formats.fountain.source import BOM, SourceLine, has_blank, holds, is_blank

Span = Literal["note", "boneyard"]

OPENER: dict[Span, str] = {"note": "[[", "boneyard": "/*"}
CLOSER: dict[Span, str] = {"note": "]]", "boneyard": "*/"}
SPANS: dict[str, Span] = {"[[": "note", "/*": "boneyard"}

_OPENER = re.compile(r"\[\[|/\*")
_OPENER_OF: dict[Span, re.Pattern[str]] = {"note": re.compile(r"\[\["), "boneyard": re.compile(r"/\*")}
_OTHER: dict[Span, Span] = {"note": "boneyard", "boneyard": "note"}


class Closes(Struct, frozen=True, gc=False):
    """Whether a span left open at the end of a line is closed on a later one."""

    note: bool
    boneyard: bool


NOT_CLOSED = Closes(note=False, boneyard=False)


class Scan(Struct, frozen=True, gc=False):
    """A line without its spans.

    `visible` is the remaining text; `hidden` the kind of the first span when nothing visible remains; `inside` the kind
    of the span that continues after the line; `start` where the text begins that no earlier line's span covers.
    """

    visible: str
    hidden: Span | None
    inside: Span | None
    start: int


def scan(text: str, inside: Span | None, closes: Closes) -> Scan:
    """Remove the spans from a line that starts `inside` one, or outside. Linear in the length of the line."""
    start = 1 if text.startswith(BOM) else 0
    if inside is None and "[[" not in text and "/*" not in text:
        return Scan(text[start:], None, None, start)
    first = inside
    position = start
    if inside is not None:
        close = text.find(CLOSER[inside])
        if close < 0:
            return Scan("", inside, inside, len(text))
        position = start = close + 2
    parts = []
    copied = position
    last_close: dict[Span, int] = {"note": text.rfind("]]"), "boneyard": text.rfind("*/")}
    continues: dict[Span, bool] = {"note": closes.note, "boneyard": closes.boneyard}
    last = len(text) if closes.note or closes.boneyard else max(last_close.values())
    opener = _OPENER
    while position <= last and (opening := opener.search(text, position)):
        kind, position = SPANS[opening[0]], opening.end()
        on_this_line = last_close[kind] >= position
        if not on_this_line and not continues[kind]:
            # Nothing closes this kind from here on, so its other openings on this line need not be searched.
            opener = _OPENER_OF[_OTHER[kind]]
            last = len(text) if continues[_OTHER[kind]] else last_close[_OTHER[kind]]
            continue
        first = first or kind
        parts.append(text[copied : opening.start()])
        if not on_this_line:
            return _scan("".join(parts), first, kind, start)
        copied = position = text.find(CLOSER[kind], position) + 2
    parts.append(text[copied:])
    return _scan("".join(parts), first, None, start)


def scan_all(source: Sequence[SourceLine]) -> list[Scan]:
    """Remove the spans from every line."""
    closes = _closes(source)
    scans = []
    inside: Span | None = None
    for (text, _), closing in zip(source, closes, strict=True):
        scanned = scan(text, inside, closing)
        inside = scanned.inside
        scans.append(scanned)
    return scans


def is_broken(text: str) -> bool:
    """Whether a line ends a note that is open: it is blank and lacks the two spaces."""
    return is_blank(text) and not holds(text)


def _scan(visible: str, first: Span | None, inside: Span | None, start: int) -> Scan:
    return Scan(visible, first if is_blank(visible) else None, inside, start)


def _closes(source: Sequence[SourceLine]) -> list[Closes]:
    closes = []
    note = boneyard = False
    for text, sep in reversed(source):
        note = note and not has_blank(sep)
        closes.append(Closes(note, boneyard) if note or boneyard else NOT_CLOSED)
        note = "]]" in text or (note and not is_broken(text))
        boneyard = boneyard or "*/" in text
    closes.reverse()
    return closes
