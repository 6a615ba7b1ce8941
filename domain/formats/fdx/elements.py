"""XML elements for lines. Each is read back before it is used; differences are preserved in an attribute."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from domain.errors import Rejected
from domain.formats.fdx.display import looks_marked, shown
from domain.formats.fdx.grouping import ExpectedParagraph
from domain.formats.fdx.paragraph import Place, drafts_of, drafts_of_note
from domain.formats.fdx.preserved import ATTRIBUTE, ParagraphDraft, difference, keep
from domain.formats.fdx.runs import load_attributes, styled
from domain.formats.fdx.tree import MAX_DEPTH, parse
from domain.formats.fdx.types import TYPE_OF, type_of
from domain.formats.fdx.xml_text import is_writable
from domain.script.line import Attr, Line

# The most elements around a paragraph: a written file must not be too deep to be read.
AROUND = 4


def element_of(wanted: Sequence[ExpectedParagraph], place: Place, *, dual: bool = False) -> Element | None:
    """One paragraph that reads back as these lines; None where there is none for several. For one line there is."""
    first = wanted[0]
    if place == "body" and not dual and len(wanted) == 1 and _is_simple(first):
        element = Element("Paragraph", {"Type": TYPE_OF[first.line.format]})
        SubElement(element, "Text").text = first.line.text
        return element
    element = _paragraph([expected.line for expected in wanted], place, whole=True)
    if len(wanted) > 1:
        drafts = list(drafts_of(element, place, dual=dual))
        has_default_seps = all(expected.sep is None for expected in wanted)
        return element if has_default_seps and _reads_as(drafts, wanted) else None
    for whole in (True, False):
        element = element if whole else _paragraph([first.line], place, whole=False)
        drafts = list(drafts_of(element, place, dual=dual))
        if len(drafts) == 1:
            keep(element, difference(drafts[0], first.line, sep=first.sep))
            if ATTRIBUTE not in element.attrib or _reads_as(list(drafts_of(element, place, dual=dual)), wanted):
                break
    return element


def _is_simple(wanted: ExpectedParagraph) -> bool:
    """Whether a line is fully described by its type and text; most are, and need not be read back."""
    line = wanted.line
    return (
        wanted.sep is None
        and line.attrs == {}
        and line.format in TYPE_OF
        and line.text != ""
        and line.text.isprintable()
        and not looks_marked(line.format, line.text)
    )


def attach(
    paragraph: Element, summary: Sequence[ExpectedParagraph], notes: Sequence[Sequence[ExpectedParagraph]]
) -> None:
    """Insert a summary and notes into a paragraph, before its text."""
    if summary:
        properties = paragraph.find("SceneProperties")
        if properties is None:
            properties = Element("SceneProperties")
            paragraph.insert(0, properties)
        inside = Element("Summary")
        properties.insert(0, inside)
        inside.extend(inner for line in summary if (inner := element_of([line], "summary")) is not None)
    first = 1 if len(paragraph) and paragraph[0].tag == "SceneProperties" else 0
    # All at once: each single insertion would move everything after it.
    paragraph[first:first] = [_note(note) for note in notes]


def _note(wanted: Sequence[ExpectedParagraph]) -> Element:
    lines = [expected.line for expected in wanted]
    for whole in (True, False):
        note = Element("ScriptNote", load_attributes(lines[0].attrs.get("fdx_note")) if whole else {})
        note.extend(_paragraph([line], "note", whole=whole) for line in lines)
        drafts = list(drafts_of_note(note))
        if len(drafts) == len(lines):
            for paragraph, draft, expected in zip(note, drafts, wanted, strict=True):
                keep(paragraph, difference(draft, expected.line, sep=expected.sep))
            if _reads_as(list(drafts_of_note(note)), wanted):
                break
    return note


def _reads_as(drafts: Sequence[ParagraphDraft], wanted: Sequence[ExpectedParagraph]) -> bool:
    return drafts == [
        ParagraphDraft(expected.line.format, expected.line.text, expected.line.attrs, expected.sep)
        for expected in wanted
    ]


def _paragraph(lines: Sequence[Line], place: Place, *, whole: bool) -> Element:
    """A paragraph for lines; `whole`: with the styles and parts preserved from the paragraph they were read from."""
    first = lines[0]
    paragraph = Element("Paragraph", _attributes(first, place, whole=whole))
    if whole:
        paragraph.extend(_others(first.attrs.get("fdx_other")))
    for line in lines:
        words = shown(line.format, line.text, line.attrs)
        runs = styled(words, line.attrs.get("runs") if whole else None)
        if line is not first:
            runs = [("\n" + runs[0][0], runs[0][1]), *runs[1:]] if runs else [("\n", {})]
        for text, attributes in runs:
            SubElement(paragraph, "Text", attributes).text = text
    return paragraph


def _attributes(line: Line, place: Place, *, whole: bool) -> dict[str, str]:
    preserved = load_attributes(line.attrs.get("fdx_paragraph")) if whole else {}
    preserved.pop(ATTRIBUTE, None)
    if place != "body":
        return preserved
    kind, belonging = type_of(line.format, line.attrs)
    number = line.attrs.get("scene_number")
    numbered = {"Number": number} if isinstance(number, str) and is_writable(number) else {}
    # Twice: the first sets the order of the attributes, the second makes ours override the others.
    own = {**numbered, "Type": kind}
    return {**own, **preserved, **belonging, **own}


def _others(preserved: Attr | None) -> list[Element]:
    if not isinstance(preserved, str):
        return []
    try:
        return list(parse(f"<Paragraph>{preserved}</Paragraph>".encode(), deepest=MAX_DEPTH - AROUND))
    except Rejected:
        return []
