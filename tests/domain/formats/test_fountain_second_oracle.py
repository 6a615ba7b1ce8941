"""Comparison with screenplain, a reader written independently: the same printed lines, but for the cases listed here.

Compared are format and printed text, without emphasis. A listed case that no longer occurs fails too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from screenplain.parsers import fountain as screenplain
from screenplain.types import Action, Dialog, DualDialog, PageBreak, Section, Slug, Transition

from domain.formats.fountain import display, read, without_spans
from tests.domain.formats.differences import (
    AFTERWRITING,
    NONSENSE,
    REFERENCE,
    SCREENPLAIN,
    TOOLS,
    Difference,
    require_listed,
)
from tests.domain.formats.screenwriting import numbered

# A format and a text.
Printed = tuple[str, str]

ENDING = "the endings of a scene (FADE TO BLACK.) and FADE IN: are transitions in the reference suite"
LYRIC = "lyrics are an element of Fountain 1.1, which screenplain does not know"
DUAL = "the mark of dual dialogue is the last sign of a name"
PERIOD = "a forced heading has a letter or digit directly after the period"
GLUED = "a heading is no name, even where it lacks its empty line"
NOTE = "screenplain joins the two lines around a note"

DIFFERENCES = (
    Difference(f"{NONSENSE}/001_2013-02-10_d9059677.fountain", (233, 235, 246), ENDING),
    Difference(f"{NONSENSE}/002_2013-02-10_31390c0d.fountain", (233, 235, 246), ENDING),
    Difference(
        "public_domain/earthbound19+_ebScreenplays__Cyber_Bob_ep00001.fountain",
        tuple(range(53, 64)),
        "what follows parentheses belongs to no name",
    ),
    Difference(f"{AFTERWRITING}/client.fountain", (140,), LYRIC),
    Difference(f"{AFTERWRITING}/test.fountain", (23,), "a title page may be below a note"),
    Difference(f"{AFTERWRITING}/test.fountain", (149,), LYRIC),
    Difference(f"{REFERENCE}/ForcedElements.fountain", (9, 10), LYRIC),
    Difference(f"{REFERENCE}/SceneHeaders.fountain", (15,), "I./E. is a heading in the reference suite"),
    Difference(f"{REFERENCE}/SceneHeaders.fountain", (33, 34), GLUED),
    Difference(f"{REFERENCE}/Simple.fountain", (6,), ENDING),
    Difference(f"{REFERENCE}/Simple.fountain", (34,), "a synopsis is not printed, whatever is above it"),
    Difference(f"{REFERENCE}/Transitions.fountain", (5,), ENDING),
    Difference(f"{REFERENCE}/Transitions.fountain", (13,), "TO: alone is in capitals and ends in TO:"),
    Difference(f"{SCREENPLAIN}/notes.fountain", (3, 5, 7, 10), NOTE),
    Difference(f"{SCREENPLAIN}/title-page.fountain", (7,), ENDING),
    Difference(f"{TOOLS}/Character.fountain", (50, 51), DUAL),
    Difference(f"{TOOLS}/Lyrics.fountain", (5, 7, 9, 12), LYRIC),
    Difference(f"{TOOLS}/Notes.fountain", (11, 14), NOTE),
    Difference(f"{TOOLS}/PageBreak.fountain", (8, 9), "a page break may be next to another, or indented"),
    Difference(f"{TOOLS}/SceneHeading.fountain", (23,), PERIOD),
    Difference(f"{TOOLS}/Scratch.fountain", (23,), PERIOD),
    Difference(f"{TOOLS}/Sections.fountain", (5, 6), GLUED),
    Difference(f"{TOOLS}/Tags.fountain", (1,), "a heading at the top with a colon in it is no key"),
    Difference(f"{TOOLS}/Tags.fountain", (29,), PERIOD),
    Difference(f"{TOOLS}/TitlePage.fountain", (12,), "a title page ends above a line that is no entry"),
    Difference(f"{TOOLS}/Transition.fountain", (23,), "an indented mark is a mark"),
    Difference(f"{TOOLS}/UTF8-output.fountain", (27,), PERIOD),
    Difference(f"{TOOLS}/Writer-output.fountain", (49,), "a synopsis below a heading is not printed, so it is no text"),
    Difference(f"{TOOLS}/Writer-output.fountain", (100, 101, 103, 104), DUAL),
)


def test_screenplain_agrees_but_for_the_listed_lines(screenplays: Path) -> None:
    found = (
        (file, number) for file in sorted(screenplays.rglob("*.fountain")) for number in _differing(file.read_bytes())
    )

    require_listed(screenplays, found, DIFFERENCES)


def _differing(data: bytes) -> Iterator[int]:
    """The numbers of our lines that differ; for a line that only they have, that of the next, or 0."""
    # It takes a byte order mark for text.
    text = data.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    numbers, ours = zip(*_ours(text), strict=True)
    theirs = [printed for paragraph in screenplain.parse(io.StringIO(text)) for printed in _theirs(paragraph)]
    for change, start, end, _, _ in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if change == "insert":
            yield numbers[start] if start < len(numbers) else 0
        elif change != "equal":
            yield from numbers[start:end]


def _ours(text: str) -> Iterator[tuple[int, Printed]]:
    lines = read(text.encode(), numbered()).lines
    number = 1
    for line, printed in zip(lines, without_spans(lines), strict=True):
        words = _plain(display(printed))
        match line.format:
            case "note" | "boneyard" | "synopsis" | "title_entry":
                pass
            case "scene_heading" | "transition":
                yield number, (line.format, words.upper())
            case "parenthetical" | "lyric" | "dialogue":
                yield from [(number, ("dialogue", words))] if words else []
            case "page_break":
                yield number, ("page_break", "")
            case _:
                yield from [(number, (line.format, words))] if words else []
        number += line.sep.count("\n")


def _theirs(paragraph: Any) -> Iterator[Printed]:
    match paragraph:
        case Slug():
            yield "scene_heading", _plain_rich(paragraph.line).upper()
        case Transition():
            yield "transition", _plain_rich(paragraph.line).upper()
        case Section():
            yield "section", _plain_rich(paragraph.text)
        case PageBreak():
            yield "page_break", ""
        case DualDialog():
            yield from _theirs(paragraph.left)
            yield from _theirs(paragraph.right)
        case Dialog():
            yield "character", _plain_rich(paragraph.character)
            yield from (("dialogue", words) for _, line in paragraph.blocks if (words := _plain_rich(line)))
        case Action():
            line_format = "centered" if paragraph.centered else "action"
            yield from ((line_format, words) for line in paragraph.lines if (words := _plain_rich(line)))


def _plain_rich(text: Any) -> str:
    return _plain("".join(segment.text for segment in text.segments))


def _plain(text: str) -> str:
    """A text without the marks of emphasis and with single spaces."""
    return " ".join(re.sub(r"[*_\\]", "", text).split())
