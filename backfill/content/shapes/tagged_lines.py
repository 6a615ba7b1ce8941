"""Tagged lines: a tag around each line, as in `<speaker>ANNA</speaker>`; sometimes nested or not closed.

A line's format is its innermost tag. The markup before and after the text is kept with the line, so nothing is lost
where tags are nested, unclosed or unknown.
"""

from __future__ import annotations

import re

from backfill.content.shape import Decoded, LegacyLine, Shape, register
from backfill.content.shapes.text import SEARCHED_BYTES, count_lines, decode_changed, split
from backfill.content.window import Window

TAGS = ("header", "action", "speaker", "dialog", "directions", "chapter-break")
_NAMES = "|".join(TAGS)
_FIRST = re.compile(rb"(?m)^[ \t]*<(?:" + _NAMES.encode() + rb")[ \t]*/?>")
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>{_NAMES})[ \t]*(?P<empty>/?)>")
_SIMPLE = re.compile(rf"<({_NAMES})>([^<]+)</\1>")
UNTAGGED = "untagged"
_MARKUP = {name: (f"<{name}>", f"</{name}>") for name in TAGS}


def _recognise(data: bytes) -> bool:
    return _FIRST.search(data[:SEARCHED_BYTES]) is not None


def _decode(data: bytes) -> Decoded:
    lines: list[LegacyLine] = []
    for text, sep in split(data):
        if simple := _SIMPLE.fullmatch(text):
            form = simple[1]
            lines.append(LegacyLine(None, form, simple[2], sep, *_MARKUP[form]))
        else:
            lines += _parts(text, sep)
    return Decoded("tagged_lines", tuple(lines), exact=True)


def _parts(source: str, sep: str) -> list[LegacyLine]:
    """The lines of one source line: one for each text between tags, and one if there is no text at all."""
    parts: list[LegacyLine] = []
    open_tags: list[str] = []
    form, text, before, after = UNTAGGED, "", "", ""
    position = 0
    for match in _TAG.finditer(source):
        between = source[position : match.start()]
        if between.isspace():
            after += between  # around the markup
        elif between:
            if text:
                parts.append(LegacyLine(None, form, text, "", before, after))
                before, after = "", ""
            text, form = between, open_tags[-1] if open_tags else UNTAGGED
            before, after = before + after, ""
        if not text and form == UNTAGGED and not match["close"]:
            form = match["name"]
        after += match[0]
        if match["close"]:
            del open_tags[-1:]
        elif not match["empty"]:
            open_tags.append(match["name"])
        position = match.end()
    rest = source[position:]
    if rest.isspace() and position:
        after += rest
    elif rest:
        if text:
            parts.append(LegacyLine(None, form, text, "", before, after))
            before, after = "", ""
        form = open_tags[-1] if open_tags else UNTAGGED if text or not after else form
        text, before, after = rest, before + after, ""
    if not text:
        before, after = before + after, ""
    return [*parts, LegacyLine(None, form, text, sep, before, after)]


def _encode(decoded: Decoded) -> bytes:
    return "".join(line.before + line.text + line.after + line.sep for line in decoded.lines).encode()


def _decode_changed(before: Decoded, old: bytes, data: bytes) -> tuple[Decoded, Window] | None:
    """A text after a change; a source line with several tags has several lines, and is only found in the whole text."""
    return decode_changed(_decode, before, old, data) if count_lines(old) == len(before.lines) else None


TAGGED_LINES = register(Shape("tagged_lines", "one tag per line", _recognise, _decode, _encode, _decode_changed))
