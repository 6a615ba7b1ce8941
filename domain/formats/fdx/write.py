"""Final Draft writer: the bytes read back as the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from xml.etree.ElementTree import Element, SubElement, tostring

from domain.formats.fdx.elements import attach, element_of
from domain.formats.fdx.grouping import ExpectedParagraph, Unit, dual_groups, units_of
from domain.formats.fdx.layout import default_seps
from domain.formats.fdx.paragraph import Place
from domain.formats.fdx.preserved import ATTRIBUTE, PreservedAttributes, keep
from domain.formats.fdx.read import MAX_GAP_CHARACTERS
from domain.script.line import Line

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
ROOT_ATTRIBUTES = {"DocumentType": "Script", "Template": "No", "Version": "1"}


def write(lines: Iterable[Line]) -> bytes:
    """Write lines as a Final Draft file.

    A paragraph shows the text of its line without Fountain marks. Where it would not be read as that line, an attribute
    that Final Draft ignores holds the differences, so the file is read again as the same lines.
    """
    lines = list(lines)
    title_page, body = _parts(units_of(ExpectedParagraph(line, None) for line in lines))
    defaults = default_seps(lines, sum(unit.count for unit in title_page))
    wanted = [
        ExpectedParagraph(line, None if line.sep == sep else line.sep)
        for line, sep in zip(lines, defaults, strict=True)
    ]
    title_page, body = _parts(units_of(wanted))
    root = _listed("FinalDraft", [_listed("Content", _body(body))], ROOT_ATTRIBUTES)
    if title_page:
        root.append(_listed("TitlePage", [_listed("Content", _title_page(title_page))]))
    # An XML parser converts a raw carriage return to a line feed.
    return (DECLARATION + tostring(root, encoding="unicode").replace("\r", "&#13;")).encode()


def _listed(tag: str, children: Iterable[Element], attributes: dict[str, str] | None = None) -> Element:
    """An element with each of its children on a line of its own."""
    element = Element(tag, attributes or {})
    element.text = element.tail = "\n"
    for child in children:
        child.tail = "\n"
        element.append(child)
    return element


def _parts(units: list[Unit]) -> tuple[list[Unit], list[Unit]]:
    """The title page at the top, and the rest."""
    count = len(list(takewhile(lambda unit: unit.format == "title_entry", units)))
    return units[:count], units[count:]


def _body(units: Sequence[Unit]) -> Iterator[Element]:
    for group in dual_groups(units):
        if len(group) == 1:
            for unit in group[0]:
                yield from _paragraphs(unit, "body")
            continue
        paragraph = Element("Paragraph")
        dual = SubElement(paragraph, "DualDialogue")
        for place, speech in enumerate(group):
            for unit in speech:
                dual.extend(_paragraphs(unit, "body", dual=place > 0))
        yield paragraph


def _title_page(units: Sequence[Unit]) -> Iterator[Element]:
    for place, unit in enumerate(units):
        last = unit.last
        ends = len(last.line.sep)
        is_single = unit.count == 1
        if place == 0 and is_single and _is_gap(last.line) and ends <= MAX_GAP_CHARACTERS:
            yield from (Element("Paragraph") for _ in range(ends))
            continue
        gap = 0
        if not unit.notes and last.line.sep == "\n" * ends and 1 < ends <= MAX_GAP_CHARACTERS:
            gap = ends - 1
            unit.host[-1] = ExpectedParagraph(last.line, None)
        for paragraph in _paragraphs(unit, "title page"):
            if not len(paragraph) and ATTRIBUTE not in paragraph.attrib:
                # Otherwise it would be read as an empty paragraph, which is a line end.
                keep(paragraph, PreservedAttributes(text=""))
            yield paragraph
        yield from (Element("Paragraph") for _ in range(gap))


def _is_gap(line: Line) -> bool:
    return not line.text and not line.attrs and line.sep != "" and not line.sep.strip("\n")


def _paragraphs(unit: Unit, place: Place, *, dual: bool = False) -> list[Element]:
    """A unit as one paragraph, or as several where one would not read back; the last holds its summary and notes."""
    if not unit.host:
        paragraph = Element("Paragraph")
        keep(paragraph, PreservedAttributes(absent=True))
        paragraphs = [paragraph]
    elif (joined := element_of(unit.host, place, dual=dual)) is not None:
        paragraphs = [joined]
    else:
        separate = [element_of([expected], place, dual=dual) for expected in unit.host]
        paragraphs = [paragraph for paragraph in separate if paragraph is not None]
    attach(paragraphs[-1], unit.summary, unit.notes)
    return paragraphs
