"""Comparison with a published parser: both agree on every real file, except for the cases listed here.

A listed case that no longer occurs fails too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from fountain import FountainElement, FountainParser

from domain.formats.fountain import read
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

ENDING = "the reference parser counts the common endings of a scene (FADE TO BLACK.) among the transitions"
CAPITALS = "a name is any text in capitals with a letter in it; the parser knows ASCII letters and few signs"
TAKEN_OUT = "taking out a boneyard leaves an empty line; the parser takes its line ends along"

DIFFERENCES = (
    Difference(f"{NONSENSE}/001_2013-02-10_d9059677.fountain", (233, 246), ENDING),
    Difference(f"{NONSENSE}/002_2013-02-10_31390c0d.fountain", (233, 246), ENDING),
    Difference(f"{AFTERWRITING}/client.fountain", (166, 167, 171, 172), CAPITALS),
    Difference(
        f"{AFTERWRITING}/test.fountain",
        tuple(range(6, 22)),
        "a title page is still at the top when a note stands above it, for a note is no part of the script",
    ),
    Difference(f"{REFERENCE}/SceneHeaders.fountain", (15,), "I./E. is a heading in the reference suite"),
    Difference(f"{REFERENCE}/Transitions.fountain", (5,), ENDING),
    Difference(f"{REFERENCE}/Transitions.fountain", (13,), "TO: alone is in capitals and ends in TO:"),
    Difference(f"{SCREENPLAIN}/boneyard.fountain", (3, 20), TAKEN_OUT),
    Difference(f"{TOOLS}/Boneyards.fountain", (6, 23), TAKEN_OUT),
    Difference(f"{TOOLS}/LineBreaks.fountain", (16, 17), CAPITALS),
    Difference(
        f"{TOOLS}/Lyrics.fountain",
        (8,),
        "the lyric above follows an empty line, so there is no speech to continue",
    ),
    Difference(f"{TOOLS}/UTF8-output.fountain", (18, 19), CAPITALS),
    Difference(f"{TOOLS}/Writer-output.fountain", (49,), "a synopsis below a heading is not printed, so it is no text"),
)


def test_the_published_parser_agrees_but_for_the_listed_lines(screenplays: Path) -> None:
    found = (
        (file, number) for file in sorted(screenplays.rglob("*.fountain")) for number in _differing(file.read_bytes())
    )

    require_listed(screenplays, found, DIFFERENCES)


def _differing(data: bytes) -> Iterator[int]:
    # The parser handles neither a byte order mark nor any other line end.
    text = data.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    document = FountainParser().parse(text)
    theirs: defaultdict[int, set[str]] = defaultdict(set)
    for element in document.elements:
        for at, name in _lines_of(element):
            theirs[at].add(name)
    number = 1
    for line in read(text.encode(), numbered()).lines:
        # Spans that the parser removes have no element, nor have blank lines.
        silent = line.format in {"note", "boneyard"} or not line.text.strip()
        in_title_page = line.format == "title_entry" and bool(document.metadata)
        if line.format not in theirs[number] and (theirs[number] or not (silent or in_title_page)):
            yield number
        number += line.sep.count("\n")


def _lines_of(element: FountainElement) -> Iterator[tuple[int, str]]:
    name = element.type.value
    if name == "dual_dialogue":
        for column in element.dual_dialogue_columns():
            for part in column:
                yield from _lines_of(part)
        return
    # Only a paragraph of action and a note can be one element over several lines.
    for offset in range(element.text.count("\n") + 1):
        yield element.line_number + offset, {"lyrics": "lyric"}.get(name, name)
