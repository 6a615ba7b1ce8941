"""Classification of a Fountain line, from its visible text, the lines before and the lines after.

It follows the Fountain 1.1 specification, and these rules where that is silent or differs from what writers type:

* Unprinted lines are ignored: a note, boneyard, section, synopsis or page break directly above or below a scene heading
  or a transition does not change its format, a note or boneyard inside a speech does not end it, and one outside of a
  speech counts as an empty line, which removing it would leave.
* Everything directly below a character cue or a spoken line is spoken, whatever its first character; a lyric stays one.
* A cue has no letter that could be written as a capital: `SOLDADO Nº 1` is one, and so is `GROßMUTTER`.
* A shot is a line that starts with two exclamation marks (`!!INSIDE`), as Beat writes it; to others it is action.
* A period forces a scene heading before anything but a period or white space (`."ROSEBUD"`), where the specification
  requires a letter or digit: otherwise not every heading could be written.
* A backslash escapes the mark after it, as it does for emphasis.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from domain.formats.fountain.source import BLANKS, has_blank, holds, is_upper
from domain.formats.fountain.spans import Scan
from domain.formats.fountain.title_page import EntriesBelow, entries_at, is_entry, is_indented
from domain.script.line import LineFormat

Place = Literal["top", "title page", "body"]

UNPRINTED_SPANS = frozenset({"note", "boneyard"})
# Formats of visible lines that are not printed.
UNPRINTED = frozenset({"section", "synopsis", "page_break"})
MARKS = "!@.~>#="
SPEECH = frozenset({"character", "dialogue", "parenthetical"})

_HEADING = re.compile(r"(?:INT|EXT|EST|INT\.?/EXT|EXT\.?/INT|I\.?/E|E\.?/I)(?:\s*\.|\s)", re.IGNORECASE)
_TRANSITIONS = frozenset({"FADE IN:", "FADE OUT.", "FADE OUT:", "FADE TO BLACK.", "CUT TO BLACK."})


class Before(Struct, frozen=True, gc=False):
    """Context above a line: its place in the file, whether an empty line precedes it, whether it is in a speech."""

    place: Place
    after_gap: bool
    speaking: bool


class After(Struct, frozen=True, gc=False):
    """Context below a line: nothing printed (`clear`), text (`speech`), an indented line, entries of a title page."""

    clear: bool
    speech: bool
    indented: bool
    entries: EntriesBelow = "none"


TOP = Before("top", after_gap=True, speaking=False)
NOTHING = After(clear=True, speech=False, indented=False)


def classify(  # noqa: PLR0911 -- the rules in order of precedence, one return each
    visible: str, before: Before, after: After
) -> LineFormat:
    """The format of a line that is visible or blank."""
    words = visible.strip(BLANKS)
    if not words:
        return "dialogue" if before.speaking and holds(visible) else "action"
    if before.place != "body" and is_entry(
        visible, in_title_page=before.place == "title page", continued=after.indented, below=after.entries
    ):
        return "title_entry"
    if before.speaking:
        return spoken_format(words)
    if forced := forced_format(words):
        return forced
    if before.after_gap:
        if after.clear and _HEADING.match(words):
            return "scene_heading"
        # A space after the colon is the old mark of a line that is not a transition.
        if after.clear and _is_transition(words) and visible[-1] not in BLANKS:
            return "transition"
        if after.speech and _is_cue(words):
            return "character"
    return "action"


def may_be_heading(visible: str, line_format: LineFormat) -> bool:
    """Whether a line of action or dialogue looks like a scene heading that lacks an empty line above or below."""
    if line_format not in {"action", "dialogue"}:
        return False
    words = visible.lstrip(BLANKS)
    return words[:1] in {"I", "E"} and _HEADING.match(words) is not None and words[:3].isupper() and words[:3] != "EST"


def spoken_format(words: str) -> LineFormat:
    """The format of a stripped line directly below a character cue or a spoken line."""
    if words[0] == "~":
        return "lyric"
    return "parenthetical" if words[0] == "(" and words[-1] == ")" else "dialogue"


def forced_format(words: str) -> LineFormat | None:  # noqa: PLR0911 -- the table of marks, one return each
    """The format that the mark at the start of a stripped line forces, or None where there is none."""
    mark = words[0]
    if mark not in MARKS:
        return None
    match mark:
        case "!":
            return "shot" if words[1:2] == "!" and words[2:3] not in {"", "!"} else "action"
        case "@" if len(words) > 1:
            return "character"
        case "." if len(words) > 1 and words[1] != "." and words[1] not in BLANKS:
            return "scene_heading"
        case "~":
            return "lyric"
        case ">":
            centered = len(words) > 1 and words[-1] == "<" and words[-2] != "\\"
            return "centered" if centered else "transition"
        case "#":
            return "section"
        case "=" if len(words) > 2 and not words.strip("="):
            return "page_break"
        case "=" if words[1:2] != "=":
            return "synopsis"
        case _:
            return None


def following(scanned: Scan, after: After) -> After:
    """The context below a line that this line follows directly; `after` is the context below this line."""
    if scanned.hidden:
        return After(clear=True, speech=after.speech, indented=False, entries=after.entries)
    words = scanned.visible.strip(BLANKS)
    if not words:
        return NOTHING
    return After(
        clear=forced_format(words) in UNPRINTED,
        speech=True,
        indented=is_indented(scanned.visible),
        entries=entries_at(scanned.visible, after.entries),
    )


def context_below(sep: str, scanned: Scan, next_line: After) -> After:
    """The context below a line, from its line ends and the `following` of its next line."""
    return NOTHING if _has_gap(sep, scanned) else next_line


def advance(before: Before, line_format: LineFormat, scanned: Scan, sep: str) -> Before:
    """The context above the next line."""
    gap = _has_gap(sep, scanned)
    place = before.place
    if scanned.hidden:
        if place == "title page" and gap:
            place = "body"
        return Before(place, after_gap=gap or not before.speaking, speaking=before.speaking and not gap)
    if line_format == "title_entry":
        return Before("body" if gap else "title page", after_gap=True, speaking=False)
    speaking = line_format in SPEECH or (line_format == "lyric" and before.speaking)
    if not scanned.visible.strip(BLANKS) and not speaking:
        return Before("top" if place == "top" else "body", after_gap=True, speaking=False)
    return Before("body", after_gap=gap or line_format in UNPRINTED, speaking=speaking and not gap)


def _has_gap(sep: str, scanned: Scan) -> bool:
    # Empty lines inside a boneyard are part of it.
    return has_blank(sep) and scanned.inside != "boneyard"


def _is_transition(words: str) -> bool:
    return is_upper(words) and (words.endswith("TO:") or words in _TRANSITIONS)


def _is_cue(words: str) -> bool:
    name = words.rstrip("^" + BLANKS)
    if name.endswith(")"):
        name = name.partition("(")[0]
    return is_upper(name) and "^" not in name and not _HEADING.match(words) and not _is_transition(words)
