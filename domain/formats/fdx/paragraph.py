"""Conversion of a paragraph to lines: one for each line of its text, then its summary and its notes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element, tostring

from domain.formats.fdx.display import looks_marked
from domain.formats.fdx.preserved import ParagraphDraft, PreservedAttributes, restored, take
from domain.formats.fdx.runs import Run, dump, encode_runs, lines_of, text_of
from domain.formats.fdx.types import UNTYPED, Typed, typed
from domain.formats.fountain.display import LITERAL
from domain.script.line import Attr

Place = Literal["body", "title page", "note", "summary"]

# The attribute, always true, of a line in the same paragraph or note as the line above.
CONTINUES = "continues"
ESCAPED = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", "\x7f": "&#127;"})


class Parts(NamedTuple):
    """The parts of a paragraph."""

    runs: list[Run]
    summary: list[Element]
    notes: list[Element]
    others: list[Element]


def drafts_of(paragraph: Element, place: Place, *, dual: bool = False) -> Iterator[ParagraphDraft]:
    """The lines of a paragraph, followed by those of its summary and its notes.

    `dual` marks a paragraph of dual dialogue after the first speech.
    """
    attributes = dict(paragraph.attrib)
    preserved = take(attributes)
    parts = parts_of(paragraph)
    if not (preserved.absent and not parts.runs):
        kind = paragraph.get("Type", UNTYPED) if place == "body" else None
        yield from _restored(_raw_drafts(parts, place, attributes, dual=dual), preserved, kind)
    for element in parts.summary:
        yield from drafts_of(element, "summary")
    for note in parts.notes:
        yield from drafts_of_note(note)


def drafts_of_note(note: Element) -> Iterator[ParagraphDraft]:
    """The lines of a note: the first holds the note's own attributes, the others continue it."""
    about: dict[str, Attr] = {"fdx_note": dump(note.attrib)} if note.attrib else {}
    for paragraph in inner_paragraphs(note):
        attributes = dict(paragraph.attrib) if paragraph is not note else {}
        preserved = take(attributes)
        drafts = _raw_drafts(parts_of(paragraph), "note", attributes, dual=False)
        first = next(drafts)
        first = ParagraphDraft(first.format, first.text, {**about, **first.attrs})
        yield from _restored(chain((first,), drafts), preserved, None)
        about = {CONTINUES: True}


def inner_paragraphs(element: Element) -> list[Element]:
    """The paragraphs directly in a note or summary; the element itself, where it has none.

    Deeper ones belong to the paragraph around them: returned here too, each level would double them.
    """
    return element.findall("Paragraph") or [element]


def parts_of(paragraph: Element) -> Parts:
    """Split a paragraph into its text in runs, and its other parts."""
    parts = Parts([], [], [], [])
    _stray(parts, paragraph.text)
    for child in paragraph:
        match child.tag:
            case "Text":
                parts.runs.append(("".join(child.itertext()), dict(child.attrib)))
            case "ScriptNote":
                parts.notes.append(child)
            case "SceneProperties":
                _scene_properties(parts, child)
            case "DualDialogue":
                pass
            case _:
                parts.others.append(child)
        _stray(parts, child.tail)
    return parts


def _stray(parts: Parts, text: str | None) -> None:
    """Add text outside of a run as a run of its own; Final Draft never writes such text."""
    if text and (words := " ".join(text.split())):
        before = " " if text[0].isspace() and parts.runs else ""
        parts.runs.append((before + words + (" " if text[-1].isspace() else ""), {}))


def _scene_properties(parts: Parts, properties: Element) -> None:
    rest = Element(properties.tag, properties.attrib)
    for child in properties:
        if child.tag == "Summary":
            parts.summary.extend(inner_paragraphs(child))
        else:
            rest.append(child)
    if rest.attrib or len(rest):
        parts.others.append(rest)


def _restored(
    drafts: Iterator[ParagraphDraft], preserved: PreservedAttributes, kind: str | None
) -> Iterator[ParagraphDraft]:
    """The lines of a paragraph; a single one as it was preserved."""
    first = next(drafts)
    second = next(drafts, None)
    if second is None:
        yield restored(first, preserved, kind)
        return
    yield first
    yield second
    yield from drafts


def _raw_drafts(parts: Parts, place: Place, attributes: dict[str, str], *, dual: bool) -> Iterator[ParagraphDraft]:
    """The lines of a paragraph without its preserved attributes. Lazy, because all may share a long attribute."""
    typed_as = _typed(place, attributes)
    about = {**typed_as.attrs, **_about(parts, attributes, numbered=place == "body")}
    if dual and typed_as.format == "character":
        about["dual"] = True
    attrs = about
    for runs in lines_of(parts.runs):
        text = text_of(runs)
        if styles := encode_runs(runs):
            attrs = {**attrs, "runs": styles}
        if looks_marked(typed_as.format, text):
            attrs = {**attrs, LITERAL: True}
        yield ParagraphDraft(typed_as.format, text, attrs)
        attrs = {CONTINUES: True, **typed_as.attrs}


def _typed(place: Place, attributes: dict[str, str]) -> Typed:
    match place:
        case "body":
            kind = " ".join(attributes.pop("Type", "").split())
            return typed(kind or UNTYPED, attributes)
        case "title page":
            return Typed("title_entry", {})
        case "note":
            return Typed("note", {})
        case "summary":
            return Typed("synopsis", {})


def _about(parts: Parts, attributes: dict[str, str], *, numbered: bool) -> dict[str, Attr]:
    about: dict[str, Attr] = {}
    if numbered and (number := " ".join(attributes.get("Number", "").split())):
        del attributes["Number"]
        about["scene_number"] = number
    if attributes:
        about["fdx_paragraph"] = dump(attributes)
    if parts.others:
        about["fdx_other"] = "".join(as_text(element) for element in parts.others)
    return about


def as_text(element: Element) -> str:
    """An element as XML on one line, in ASCII."""
    text: bytes = tostring(_compact(element), encoding="us-ascii")
    return text.decode().translate(ESCAPED)


def _compact(element: Element) -> Element:
    """A copy without indentation."""
    copy = Element(element.tag, element.attrib)
    copy.text = element.text if not len(element) or (element.text and element.text.strip()) else None
    for child in element:
        inner = _compact(child)
        inner.tail = child.tail if child.tail and child.tail.strip() else None
        copy.append(inner)
    return copy
