"""Title page in Final Draft: paragraphs of the values, centered or at the left, with empty ones between entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from domain.formats.fdx.paragraph import MAX_GAP_CHARACTERS
from domain.formats.fdx.preserved import ATTRIBUTE, PreservedAttributes, keep
from domain.formats.fdx.writing.expected import MAX_EMPTY_LINES, empty_lines
from domain.formats.fdx.writing.grouping import Unit
from domain.formats.fdx.writing.units import paragraphs_of
from domain.formats.fountain.conversion.title_keys import known_key
from domain.formats.fountain.source import is_blank
from domain.script.line import Line

CENTERED_KEYS = frozenset({"title", "credit", "author", "authors", "source"})


def title_page_length(units: Sequence[Unit]) -> int:
    """The number of units at the top that are the title page; empty lines and notes may be above its first entry."""
    length = 0
    for place, unit in enumerate(units):
        if unit.before:
            break
        if unit.format == "title_entry":
            length = place + 1
        elif length or not all(is_blank(expected.line.text) for expected in unit.host):
            break
    return length


def title_page_paragraphs(units: Sequence[Unit]) -> Iterator[Element]:
    """The paragraphs of a title page."""
    alignment: str | None = None
    empty = 0
    for place, unit in enumerate(units):
        key = known_key(unit.host[0].visible) if unit.format == "title_entry" else None
        if key is not None:
            alignment = "Center" if key in CENTERED_KEYS else "Left"
            if place and empty < MAX_EMPTY_LINES:
                empty += 1
                yield _space()
        last = unit.last
        if place == 0 and len(unit.lines) == 1 and _is_gap(last.line):
            yield from (Element("Paragraph") for _ in last.line.sep)
            continue
        gap = 0
        if not unit.notes and last.sep is not None and empty < MAX_EMPTY_LINES and empty_lines(last.sep):
            gap = empty_lines(last.sep)
            empty += gap
            unit.host[-1] = replace(last, sep=None)
        for paragraph in paragraphs_of(unit, "title page", alignment=alignment):
            if not len(paragraph) and ATTRIBUTE not in paragraph.attrib:
                # Otherwise it would be read as an empty paragraph, which is a line end.
                keep(paragraph, PreservedAttributes(text=""))
            yield paragraph
        yield from (Element("Paragraph") for _ in range(gap))


def _space() -> Element:
    """An empty paragraph, which is no line as long as it has its attribute."""
    paragraph = Element("Paragraph")
    keep(paragraph, PreservedAttributes(absent=True))
    return paragraph


def _is_gap(line: Line) -> bool:
    return (
        line.format == "title_entry"
        and not line.text
        and not line.attrs
        and line.sep != ""
        and not line.sep.strip("\n")
        and len(line.sep) <= MAX_GAP_CHARACTERS
    )
