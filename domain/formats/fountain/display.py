"""Display text of Fountain lines: what is printed, without spans (notes, boneyards) and without marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from domain.formats.fountain.attrs import scene_number
from domain.formats.fountain.classify import UNPRINTED_SPANS, forced_format
from domain.formats.fountain.source import BLANKS, BOM
from domain.formats.fountain.spans import NOT_CLOSED, has_span, scan, scan_all, without_escapes
from domain.script.line import Line

# The attribute, always true, of a line whose text only looks as if it had Fountain marks or spans.
LITERAL = "literal"

# The marks around a line that is all spans, and those between two of its spans.
_OUTER_MARKS = re.compile(r"\A(?:\[\[|/\*)|(?:\]\]|\*/)\Z")
_BETWEEN_SPANS = re.compile(r"[ \t]?(?:\]\]|\*/)[ \t]*(?:\[\[|/\*)[ \t]?")


def display(line: Line) -> str:
    """The text of a line as printed; lists and comparisons show the format in another way.

    Removed are notes and boneyards inside the line, forced marks and their escapes, the marks of centered text, `^`,
    scene number, the brackets of a line that is all note or boneyard, and the white space around; the indentation of
    action stays. Emphasis is content and stays too. A page break shows nothing. For spans over several lines, apply
    `without_spans` first.
    """
    if line.attrs.get(LITERAL) is True:
        return line.text
    return without_escapes(_without_marks(_without_span(line)))


def without_spans(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines of a script with their printed texts: without notes and boneyards, also those over several lines.

    Marks and all other fields stay. A line stays as it is if it is literal, or if nothing of it would be left: the
    Fountain writer breaks the brackets of such a line, since its format is printed.
    """
    lines = tuple(lines)
    if not any(has_span(line.text) for line in lines):
        yield from lines
        return
    source = [("" if line.attrs.get(LITERAL) is True else line.text, line.sep) for line in lines]
    for line, scanned in zip(lines, scan_all(source, [line.format for line in lines]), strict=True):
        yield line if scanned.visible in ("", line.text) else replace(line, text=scanned.visible)


def _without_span(line: Line) -> Line:
    if line.format in UNPRINTED_SPANS or not has_span(line.text):
        return line
    visible = scan(line.text, None, NOT_CLOSED).visible
    return replace(line, text=visible) if visible.strip(BLANKS) else line


def _without_marks(line: Line) -> str:  # noqa: PLR0911, PLR0912 -- the table of formats, one return each
    text = line.text.removeprefix(BOM)
    words = text.strip(BLANKS)
    if not words:
        return ""
    forced = forced_format(words) == line.format
    match line.format:
        case "note" | "boneyard":
            return _BETWEEN_SPANS.sub(" ", _OUTER_MARKS.sub("", words)).strip(BLANKS)
        case "page_break" if forced:
            return ""
        case "action" if forced:
            # A text that itself begins with an exclamation mark has a backslash before it.
            return words[2 if words.startswith("!\\!") else 1 :].rstrip(BLANKS)
        case "shot" if forced:
            return _unescaped(words[2:])
        case "action" | "general" | "title_entry":
            return text.rstrip(BLANKS)
        case "scene_heading":
            words = _without_number(words)
            return _unescaped(words[1:]) if forced else words
        case "character":
            return words.removeprefix("@").rstrip("^" + BLANKS).lstrip(BLANKS)
        case "transition" if forced:
            return _unescaped(words[1:])
        case "centered" if forced:
            return words[1:-1].strip(BLANKS)
        case "section" if forced:
            return words.lstrip("#").lstrip(BLANKS)
        case "synopsis" | "lyric" if forced:
            return words[1:].lstrip(BLANKS)
        case "dialogue":
            return _unescaped(words)
        case _:
            return words


def _without_number(words: str) -> str:
    number = scene_number(words)
    return words if number is None else words[: -len(number) - 2].rstrip(BLANKS)


def _unescaped(words: str) -> str:
    words = words.lstrip(BLANKS)
    if words[:1] == "\\" and words[1:2] and words[1] in "!@.~>#=(":
        words = words[1:]
    return words[:-2] + "<" if words.endswith("\\<") else words
