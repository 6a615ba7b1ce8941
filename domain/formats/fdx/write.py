"""Final Draft writer: the bytes read back as the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from domain.formats.fdx.alternates import collect
from domain.formats.fdx.layout import default_seps
from domain.formats.fdx.writing.expected import expected, with_default_seps
from domain.formats.fdx.writing.grouping import Unit, dual_groups, joined, units_of
from domain.formats.fdx.writing.title_page import title_page_length, title_page_paragraphs
from domain.formats.fdx.writing.units import paragraphs_of
from domain.script.line import Line

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
ROOT_ATTRIBUTES = {"DocumentType": "Script", "Template": "No", "Version": "1"}


def write(lines: Iterable[Line]) -> bytes:
    """Write lines as a Final Draft file.

    A paragraph shows the text of its line without Fountain marks: emphasis as styles, notes and boneyards as script
    notes, a page break as a paragraph that starts a new page. Where it would not be read as that line, an attribute
    that Final Draft ignores holds the differences, so the file is read again as the same lines.
    """
    lines = list(lines)
    wanted = expected(lines)
    units = units_of(wanted)
    length = title_page_length(units)
    defaults = default_seps(lines, joined(units), sum(len(unit.lines) for unit in units[:length]))
    units = units_of(with_default_seps(wanted, defaults))
    root = _listed("FinalDraft", [_listed("Content", _body(units[length:]))], ROOT_ATTRIBUTES)
    if length:
        root.append(_listed("TitlePage", [_listed("Content", title_page_paragraphs(units[:length]))]))
    collect(root)
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


def _body(units: Sequence[Unit]) -> Iterator[Element]:
    for group in dual_groups(units):
        if len(group) == 1:
            for unit in group[0]:
                yield from paragraphs_of(unit, "body")
            continue
        paragraph = Element("Paragraph")
        dual = SubElement(paragraph, "DualDialogue")
        for place, speech in enumerate(group):
            for unit in speech:
                dual.extend(paragraphs_of(unit, "body", dual=place > 0))
        yield paragraph
