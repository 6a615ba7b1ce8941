"""XML from outside: parsed without entities, document types or depth, or refused in one sentence."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DTDForbidden, EntitiesForbidden
from defusedxml.ElementTree import DefusedXMLParser

from domain.formats.fdx.refusals import (
    DoctypeInXml,
    EntityInXml,
    ExternalEntityInXml,
    NotXml,
    TooManyXmlParts,
    XmlTooDeep,
)
from domain.formats.format import MAX_FILE_BYTES
from domain.formats.refusals import FileTooLarge

MAX_DEPTH = 64
MAX_PARTS = 600_000
"""Elements and attributes of one file. An element weighs as much as `ELEMENT_PARTS` attributes."""
ELEMENT_PARTS = 3
LONGEST_NAME = 80


def parse(data: bytes, *, deepest: int = MAX_DEPTH) -> Element:
    """The root of an XML document.

    Raises:
        FileTooLarge, XmlTooDeep, TooManyXmlParts: more than 16 MiB, 64 elements in each other, or 600,000 parts.
        EntityInXml, ExternalEntityInXml, DoctypeInXml: what Final Draft never writes.
        NotXml: it is cut off, or no XML at all.
    """
    if len(data) > MAX_FILE_BYTES:
        raise FileTooLarge(size=len(data), limit=MAX_FILE_BYTES)
    try:
        return _parse(data, deepest, forbid_dtd=True)
    except DTDForbidden:
        _refuse_what_it_declares(data)
        raise DoctypeInXml from None


def _refuse_what_it_declares(data: bytes) -> None:
    """Refuse by the worst that a document type declares; parsing stops at the first entity."""
    try:
        _parse(data, MAX_DEPTH, forbid_dtd=False)
    except EntitiesForbidden as entity:
        if target := entity.sysid or entity.pubid:
            raise ExternalEntityInXml(target=target[:LONGEST_NAME]) from None
        raise EntityInXml(name=entity.name[:LONGEST_NAME]) from None


def _parse(data: bytes, deepest: int, *, forbid_dtd: bool) -> Element:
    parser = DefusedXMLParser(
        target=_Shallow(deepest), forbid_dtd=forbid_dtd, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (DTDForbidden, EntitiesForbidden):
        raise
    except ParseError as error:
        raise NotXml(line=error.position[0], problem=str(error).partition(":")[0]) from None
    except (LookupError, ValueError) as error:
        # An encoding that nobody knows.
        raise NotXml(line=1, problem=str(error)[:LONGEST_NAME]) from None
    return root


class _Shallow(TreeBuilder):
    """Builds a tree while it is read, and stops where it gets too deep or has too many parts."""

    def __init__(self, deepest: int) -> None:
        super().__init__()
        self._deepest = deepest
        self._depth = 0
        self._parts = 0

    def start(self, tag: Any, attrs: dict[Any, Any], /) -> Element:
        self._depth += 1
        if self._depth > self._deepest:
            raise XmlTooDeep(limit=self._deepest)
        self._parts += ELEMENT_PARTS + len(attrs)
        if self._parts > MAX_PARTS:
            raise TooManyXmlParts(limit=MAX_PARTS)
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Element:
        self._depth -= 1
        return super().end(tag)
