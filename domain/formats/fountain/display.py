"""Display text of a Fountain line."""

from __future__ import annotations

import re

from domain.formats.fountain.attrs import scene_number
from domain.formats.fountain.classify import forced_format
from domain.formats.fountain.source import BLANKS, BOM
from domain.formats.fountain.spans import CLOSER, OPENER
from domain.script.line import Line

_ESCAPE = re.compile(r"(?<=\[)\\(?=\[)|(?<=\])\\(?=\])|(?<=/)\\(?=\*)|(?<=\*)\\(?=/)")


def display(line: Line) -> str:
    """The text of a line without format marks; lists and comparisons show the format in another way.

    Removed are forced marks and their escapes, the marks of centered text, `^`, scene number, the brackets of a note
    or boneyard, and the white space around; the indentation of action stays. Emphasis and notes inside a line are
    content and stay too. A page break shows nothing.
    """
    return _ESCAPE.sub("", _without_marks(line))


def _without_marks(line: Line) -> str:  # noqa: PLR0911, PLR0912 -- the table of formats, one return each
    text = line.text.removeprefix(BOM)
    words = text.strip(BLANKS)
    if not words:
        return ""
    forced = forced_format(words) == line.format
    match line.format:
        case "note" | "boneyard":
            return words.removeprefix(OPENER[line.format]).removesuffix(CLOSER[line.format]).strip(BLANKS)
        case "page_break" if forced:
            return ""
        case "action" if forced:
            return words[1:].rstrip(BLANKS)
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
