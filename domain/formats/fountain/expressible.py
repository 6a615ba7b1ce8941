"""Fallback formats for lines that Fountain cannot express.

a line in a script                                   is written, and read again, as
general                                              action
chapter_break                                        section; without text page_break
page_break with a text of its own                    page_break, the text in a boneyard after it
dialogue, parenthetical without a character above    action
dialogue, parenthetical, lyric in a speech, blank    dialogue of two spaces, which keeps the speech open
a title page without keys                            title_entry: with keys by its words, see `conversion.title_keys`
title_entry without a key below others               title_entry: indented
title_entry below the top of the script              action
note, boneyard of white space                        the same, in brackets where it stands alone
any other line of white space                        action
any other line without text                          empty lines: its line ends belong to the line above it
an empty line inside a speech or the title page      nothing, for it would end them
a line without line end in the middle of the script  the same with a line end
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from domain.formats.fountain.classify import UNPRINTED_SPANS, Place
from domain.formats.fountain.conversion.lines import as_fountain
from domain.formats.fountain.source import first_end, is_blank
from domain.script.line import Attr, Line, LineFormat

INSTEAD: dict[LineFormat, LineFormat] = {"general": "action", "chapter_break": "section"}

_SPOKEN = frozenset({"dialogue", "parenthetical"})
_KEEPS_SPEECH = _SPOKEN | UNPRINTED_SPANS | {"lyric"}


class ExpectedLine(Struct, frozen=True, gc=False):
    """A line as it should be read back after the export."""

    text: str
    sep: str
    format: LineFormat
    attrs: Mapping[str, Attr]


def expressible(lines: Iterable[Line]) -> list[ExpectedLine]:
    """The lines with formats that Fountain can express at their place, by the table of this module."""
    entries: list[tuple[Line, LineFormat, list[str]]] = []
    place: Place = "top"
    speaking = False
    for line in as_fountain(tuple(lines)):
        line_format = _format(line, place, speaking=speaking)
        if not line.text and line_format not in {"page_break", "dialogue"} and (entries or not line.sep):
            if entries:
                entries[-1][2].append(line.sep)
            continue
        entries.append((line, line_format, [line.sep]))
        place = _next_place(place, line_format, line.text)
        speaking = line_format == "character" or (speaking and line_format in _KEEPS_SPEECH)
    return _with_line_ends(
        [ExpectedLine(line.text, "".join(seps), line_format, line.attrs) for line, line_format, seps in entries]
    )


def _format(line: Line, place: Place, *, speaking: bool) -> LineFormat:
    blank = is_blank(line.text)
    if line.format == "page_break" or (blank and line.format == "chapter_break"):
        return "page_break"
    if line.format in UNPRINTED_SPANS and line.text:
        return line.format
    if blank:
        return "dialogue" if speaking and line.format in _SPOKEN | {"lyric"} else "action"
    if (line.format in _SPOKEN and not speaking) or (line.format == "title_entry" and place == "body"):
        return "action"
    return INSTEAD.get(line.format, line.format)


def _next_place(place: Place, line_format: LineFormat, text: str) -> Place:
    if line_format in UNPRINTED_SPANS or (place == "top" and line_format == "action" and is_blank(text)):
        return place
    return "title page" if line_format == "title_entry" else "body"


def _with_line_ends(wanted: list[ExpectedLine]) -> list[ExpectedLine]:
    line_end = next((first_end(line.sep) for line in wanted if line.sep), "\n")
    return [line if line.sep else replace(line, sep=line_end) for line in wanted[:-1]] + wanted[-1:]
