"""Ranges of script notes: from version 12 on, Final Draft keeps notes at the end of the file, by place in the text.

The place of a note is a range of characters, where each paragraph has one more than its text. The ends of a range may
be in any order, and both may be the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from xml.etree.ElementTree import Element

from domain.formats.fdx.preserved import PreservedAttributes, keep

RANGE = "Range"
# More digits than any place in a file of the allowed size has.
_RANGE = re.compile(r"\s*(\d{1,12})\s*,\s*(\d{1,12})\s*", re.ASCII)


def put_into_paragraphs(root: Element, content: Element) -> None:
    """Move the notes of a file into the paragraphs where they begin; those of no valid range, into the last one."""
    notes = root.findall("ScriptNotes/ScriptNote")
    if not notes:
        return
    paragraphs = [
        inner for paragraph in content.iterfind("Paragraph") for inner in in_dual_dialogue(paragraph) or [paragraph]
    ]
    if not paragraphs:
        paragraphs = [Element("Paragraph")]
        keep(paragraphs[0], PreservedAttributes(absent=True))
        content.append(paragraphs[0])
    starts = []
    start = 0
    for paragraph in paragraphs:
        starts.append(start)
        start += _length(paragraph) + 1
    places = [_begins(note, start) for note in notes]
    # In the order of the text; notes at the same place in that of the file.
    for place, note in sorted(zip(places, notes, strict=True), key=lambda each: each[0]):
        note.attrib.pop(RANGE, None)
        paragraphs[bisect_right(starts, place) - 1].append(note)


def in_dual_dialogue(paragraph: Element) -> list[Element]:
    """The paragraphs of dual dialogue in a paragraph."""
    return [inner for dual in paragraph.iterfind("DualDialogue") for inner in dual.iterfind("Paragraph")]


def _begins(note: Element, end: int) -> int:
    found = _RANGE.fullmatch(note.get(RANGE, ""))
    return min(int(found[1]), int(found[2])) if found else end


def _length(paragraph: Element) -> int:
    """The characters of a paragraph's text as Final Draft counts them: in UTF-16."""
    text = "".join("".join(run.itertext()) for run in paragraph.iterfind("Text"))
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
