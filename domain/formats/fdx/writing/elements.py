"""XML elements for lines. Each is read back before it is used; differences are preserved in an attribute."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from xml.etree.ElementTree import Element, SubElement

from msgspec.structs import replace

from domain.errors import Rejected
from domain.formats.fdx.alternates import ALTS, whole_alternates
from domain.formats.fdx.display import looks_marked, shown_runs
from domain.formats.fdx.paragraph import STARTS_NEW_PAGE, YES, Place, drafts_of
from domain.formats.fdx.preserved import (
    ATTRIBUTE,
    NOTHING,
    PAGE_BREAK,
    ParagraphDraft,
    PreservedAttributes,
    difference,
    keep,
)
from domain.formats.fdx.runs import load_attributes
from domain.formats.fdx.types import TYPE_OF, type_of
from domain.formats.fdx.writing.expected import ExpectedParagraph
from domain.formats.fdx.xml.tree import MAX_DEPTH, parse
from domain.formats.fdx.xml.xml_text import is_writable
from domain.script.line import Attr, Line

# The most elements around a paragraph: a written file must not be too deep to be read.
AROUND = 4


def element_of(
    wanted: Sequence[ExpectedParagraph],
    place: Place,
    *,
    dual: bool = False,
    before: Sequence[ExpectedParagraph] = (),
    alignment: str | None = None,
) -> Element | None:
    """One paragraph that reads back as these lines; None where there is none for several. For one line there is.

    `before` is the page break above it. `alignment` is that of a line without attributes of a paragraph.
    """
    if place == "body" and not dual and not before and all(map(_is_simple, wanted)):
        element = Element("Paragraph", {"Type": TYPE_OF[wanted[0].line.format]})
        SubElement(element, "Text").text = "\n".join(expected.line.text for expected in wanted)
        return element
    lines = [*before, *wanted]
    for whole in (True, False):
        element = _paragraph(wanted, place, whole=whole, alignment=alignment)
        if before:
            element.set(STARTS_NEW_PAGE, YES)
        is_break = place == "body" and element.get(STARTS_NEW_PAGE) == YES
        # The first of the lines is the page break.
        drafts = list(islice(drafts_of(element, place, dual=dual), len(wanted) + 2))[is_break:]
        if len(drafts) == len(wanted):
            keep(element, _differences(drafts, wanted, _lines_above(before) if is_break else None))
            if ATTRIBUTE not in element.attrib:
                return element
        if reads_as(list(islice(drafts_of(element, place, dual=dual), len(lines) + 1)), lines):
            return element
    return element if len(wanted) == 1 else None


def page_break(before: Sequence[ExpectedParagraph]) -> Element:
    """An empty paragraph that starts a new page: the page break, without a paragraph below it."""
    element = Element("Paragraph", {STARTS_NEW_PAGE: YES})
    own = _lines_above(before)
    if own is not None:
        keep(element, PreservedAttributes(absent=True, before=own))
    return element


def reads_as(drafts: Sequence[ParagraphDraft], wanted: Sequence[ExpectedParagraph]) -> bool:
    """Whether lines were read as they should be."""
    return len(drafts) == len(wanted) and all(
        (draft.format, draft.text, draft.sep) == (expected.line.format, expected.line.text, expected.sep)
        and difference(draft, expected.line, sep=None).attrs is None
        for draft, expected in zip(drafts, wanted, strict=True)
    )


def text_paragraph(expected: ExpectedParagraph, place: Place, *, whole: bool) -> Element:
    """A paragraph with the display text of one line."""
    return _paragraph([expected], place, whole=whole, alignment=None)


def _is_simple(wanted: ExpectedParagraph) -> bool:
    """Whether a line is fully described by its type and text; most are, and need not be read back."""
    line = wanted.line
    return (
        wanted.sep is None
        and wanted.visible is line.text
        and line.attrs == {}
        and line.format in TYPE_OF
        and line.text != ""
        and line.text.isprintable()
        and not looks_marked(line.format, line.text)
    )


def _differences(
    drafts: Sequence[ParagraphDraft],
    wanted: Sequence[ExpectedParagraph],
    before: tuple[PreservedAttributes, ...] | None,
) -> PreservedAttributes:
    first, *more = (
        difference(draft, expected.line, sep=expected.sep) for draft, expected in zip(drafts, wanted, strict=True)
    )
    if first == NOTHING and before is None and all(each == NOTHING for each in more):
        return NOTHING
    return replace(first, more=tuple(more), before=before)


def _lines_above(before: Sequence[ExpectedParagraph]) -> tuple[PreservedAttributes, ...] | None:
    """The lines of a page break, None where they are the default one."""
    lines = tuple(
        PreservedAttributes(
            text=None if each.line.text == PAGE_BREAK.text else each.line.text,
            format=None if each.line.format == PAGE_BREAK.format else each.line.format,
            attrs=each.line.attrs or None,
            sep=each.sep,
        )
        for each in before
    )
    return None if lines == (NOTHING,) else lines


def _paragraph(wanted: Sequence[ExpectedParagraph], place: Place, *, whole: bool, alignment: str | None) -> Element:
    """A paragraph for lines; `whole`: with the styles and parts preserved from the paragraph they were read from."""
    first = wanted[0].line
    paragraph = Element("Paragraph", _attributes(first, place, whole=whole))
    if alignment is not None and not paragraph.attrib:
        paragraph.set("Alignment", alignment)
    if whole:
        paragraph.extend(_others(first.attrs.get("fdx_other")))
    for expected in wanted:
        line = expected.line
        runs = shown_runs(line.format, expected.visible, line.attrs, whole=whole, emphasised=expected.emphasised)
        if expected is not wanted[0]:
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
        parts = parse(f"<Paragraph>{preserved}</Paragraph>".encode(), deepest=MAX_DEPTH - AROUND)
    except Rejected:
        return []
    return [each for part in parts for each in (whole_alternates(part) if part.tag == ALTS else (part,))]
