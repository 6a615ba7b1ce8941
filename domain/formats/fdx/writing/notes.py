"""Notes, boneyards and the summary of a scene, inside the paragraph that they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement

from domain.formats.fdx.display import shown
from domain.formats.fdx.paragraph import (
    BONEYARD,
    CONTINUED,
    drafts_of_note,
    note_paragraph,
    note_properties,
)
from domain.formats.fdx.preserved import ATTRIBUTE, PreservedAttributes, difference, keep
from domain.formats.fdx.runs import load_attributes
from domain.formats.fdx.writing.elements import element_of, reads_as, text_paragraph
from domain.formats.fdx.writing.expected import ExpectedParagraph
from domain.formats.fdx.writing.grouping import Unit
from domain.formats.fdx.xml.xml_text import writable
from domain.script.line import LineFormat


def attach(paragraph: Element, unit: Unit) -> None:
    """Insert the summary and the notes of a unit into its paragraph, before its text."""
    if unit.summary:
        properties = paragraph.find("SceneProperties")
        if properties is None:
            properties = Element("SceneProperties")
            paragraph.insert(0, properties)
        inside = Element("Summary")
        properties.insert(0, inside)
        inside.extend(inner for line in unit.summary if (inner := element_of([line], "summary")) is not None)
    first = 1 if len(paragraph) and paragraph[0].tag == "SceneProperties" else 0
    # All at once: each single insertion would move everything after it.
    paragraph[first:first] = [*_inner_notes(unit), *map(_note, unit.notes)]


def _inner_notes(unit: Unit) -> Iterator[Element]:
    """The notes inside the text of a unit. Their words are in its lines too, so they have no lines of their own."""
    for each in unit.before:
        if each.line.format != "page_break":
            yield from _inner_note(each.line.format, shown(each.line.format, each.line.text, each.line.attrs))
        elif not each.inner:
            # What was typed over a page break is not printed.
            yield from _inner_note("boneyard", each.line.text.strip("= "))
    for each in (*unit.before, *unit.host):
        for inner in each.inner:
            yield from _inner_note(inner.kind, inner.text)


def _inner_note(line_format: LineFormat, text: str) -> Iterator[Element]:
    if text:
        note = Element("ScriptNote", _name_of(line_format))
        keep(note, PreservedAttributes(absent=True))
        SubElement(SubElement(note, "Paragraph"), "Text").text = writable(text)
        yield note


def _note(wanted: Sequence[ExpectedParagraph]) -> Element:
    first = wanted[0].line
    for whole in (True, False):
        own = load_attributes(first.attrs.get("fdx_note")) if whole else {}
        own.pop(ATTRIBUTE, None)
        note = Element("ScriptNote", {**own, **_name_of(first.format)})
        line_format, about = note_properties(note)
        for each in wanted:
            gap = each.gap if each is not wanted[-1] and each.sep is not None else 0
            paragraph = text_paragraph(each, "note", whole=whole)
            draft = next(note_paragraph(paragraph, line_format, about))
            keep(paragraph, difference(draft, each.line, sep=None if gap else each.sep))
            if not len(paragraph) and ATTRIBUTE not in paragraph.attrib and each is not wanted[0]:
                # Otherwise it would be read as an empty paragraph, which is a line end.
                keep(paragraph, PreservedAttributes(text=""))
            note.append(paragraph)
            note.extend(Element("Paragraph") for _ in range(gap))
            about = CONTINUED
        if reads_as(list(drafts_of_note(note)), wanted):
            break
    return note


def _name_of(line_format: LineFormat) -> dict[str, str]:
    return {"Name": BONEYARD} if line_format == "boneyard" else {}
