"""Paragraphs of a unit: its lines, with the page break above and the notes inside."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from domain.formats.fdx.paragraph import Place
from domain.formats.fdx.preserved import PreservedAttributes, keep
from domain.formats.fdx.writing.elements import element_of, page_break
from domain.formats.fdx.writing.grouping import Unit
from domain.formats.fdx.writing.notes import attach


def paragraphs_of(unit: Unit, place: Place, *, dual: bool = False, alignment: str | None = None) -> list[Element]:
    """A unit as one paragraph, or as several where one would not read back; the last holds its summary and notes."""
    if not unit.host:
        paragraphs = [page_break(unit.before) if unit.before else _absent()]
    elif (joined := element_of(unit.host, place, dual=dual, before=unit.before, alignment=alignment)) is not None:
        paragraphs = [joined]
    else:
        before = unit.before
        paragraphs = []
        for expected in unit.host:
            paragraph = element_of([expected], place, dual=dual, before=before, alignment=alignment)
            paragraphs += [] if paragraph is None else [paragraph]
            before = []
    attach(paragraphs[-1], unit)
    return paragraphs


def _absent() -> Element:
    paragraph = Element("Paragraph")
    keep(paragraph, PreservedAttributes(absent=True))
    return paragraph
