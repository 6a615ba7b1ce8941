"""Spans, that is notes and boneyards, and their removal from lines.

A span that is never closed hides nothing: its opening is text. A note is closed before the next empty line or not
at all; a boneyard may hold empty lines. The span that opens first wins, so a note in a boneyard is boneyard. The white
space around a span is removed once: `He waits. /* cut */ Then he goes.` prints with one space between its sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal

from msgspec import Struct

from domain.formats.fountain.source import BLANKS, BOM, SourceLine, has_blank, holds, is_blank
from domain.script.line import LineFormat

Span = Literal["note", "boneyard"]

OPENER: dict[Span, str] = {"note": "[[", "boneyard": "/*"}
CLOSER: dict[Span, str] = {"note": "]]", "boneyard": "*/"}
SPANS: dict[str, Span] = {"[[": "note", "/*": "boneyard"}

_OPENER = re.compile(r"\[\[|/\*")
_OPENER_OF: dict[Span, re.Pattern[str]] = {"note": re.compile(r"\[\["), "boneyard": re.compile(r"/\*")}
_ESCAPE = re.compile(r"(?<=\[)\\(?=\[)|(?<=\])\\(?=\])|(?<=/)\\(?=\*)|(?<=\*)\\(?=/)")
_ENDS_PHRASE = frozenset(".,;:!?…)")
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
    if inside is None and not has_span(text):
        return Scan(text[start:], None, None, start)
    first = inside
    position = start
    if inside is not None:
        close = text.find(CLOSER[inside])
        if close < 0:
            return Scan("", inside, inside, len(text))
        position = start = close + 2
    parts = [] if inside is None else [""]
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
            return _scan([*parts, ""], first, kind, start)
        copied = position = text.find(CLOSER[kind], position) + 2
    parts.append(text[copied:])
    return _scan(parts, first, None, start)


def scan_all(source: Sequence[SourceLine], formats: Sequence[LineFormat] | None = None) -> list[Scan]:
    """Remove the spans from every line.

    Lines that are edited one by one have `formats`: a span then continues only over lines of its own format.
    """
    scans = []
    inside: Span | None = None
    for (text, _), closing in zip(source, _closes(source, formats), strict=True):
        scanned = scan(text, inside, closing)
        inside = scanned.inside
        scans.append(scanned)
    return scans


def has_span(text: str) -> bool:
    """Whether a span opens in a text, if something closes it."""
    return "[[" in text or "/*" in text


def without_escapes(text: str) -> str:
    """The text without the backslashes that break the brackets of spans."""
    return _ESCAPE.sub("", text) if "\\" in text else text


def is_broken(text: str) -> bool:
    """Whether a line ends a note that is open: it is blank and lacks the two spaces."""
    return is_blank(text) and not holds(text)


def _scan(parts: list[str], first: Span | None, inside: Span | None, start: int) -> Scan:
    visible = _joined(parts)
    return Scan(visible, first if is_blank(visible) else None, inside, start)


def _joined(parts: list[str]) -> str:
    """The visible parts of a line, with a span between each two: white space on both sides of it counts once.

    Before the punctuation that ends a phrase it does not count at all: `He waits [[where?]].`
    """
    if len(parts) == 1:
        return parts[0]
    joined = parts[:1]
    after_blank = not parts[0] or parts[0][-1] in BLANKS
    for part in parts[1:]:
        rest = part.lstrip(BLANKS) if after_blank else part
        if not rest:
            continue
        if (
            after_blank
            and part[0] in _ENDS_PHRASE
            and part[:2] != ".."
            and (len(joined) > 1 or not is_blank(joined[0]))
        ):
            joined[-1] = joined[-1].rstrip(BLANKS)
        joined.append(rest)
        after_blank = rest[-1] in BLANKS
    visible = "".join(joined)
    return visible if parts[-1].strip(BLANKS) else visible.rstrip(BLANKS)


def _closes(source: Sequence[SourceLine], formats: Sequence[LineFormat] | None) -> list[Closes]:
    closes = []
    note = boneyard = False
    for (text, sep), line_format in zip_longest(reversed(source), reversed(formats or ())):
        note = note and not has_blank(sep)
        closes.append(Closes(note, boneyard) if note or boneyard else NOT_CLOSED)
        note = "]]" in text or (note and line_format in (None, "note") and not is_broken(text))
        boneyard = "*/" in text or (boneyard and line_format in (None, "boneyard"))
    closes.reverse()
    return closes
