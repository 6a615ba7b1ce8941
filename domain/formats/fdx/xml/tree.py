"""XML parser for untrusted files: refuses entities, document types and deep nesting."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers import expat

from defusedxml.common import DTDForbidden, EntitiesForbidden
from defusedxml.ElementTree import DefusedXMLParser

from domain.formats.fdx.refusals import (
    DoctypeInXml,
    EntityInXml,
    ExternalEntityInXml,
    NamespaceTooLong,
    NotXml,
    TooManyXmlParts,
    XmlTooDeep,
)
from domain.formats.format import MAX_FILE_BYTES
from domain.formats.refusals import FileTooLarge

MAX_DEPTH = 64
# Elements and attributes of one file. An element counts as much as `ELEMENT_PARTS` attributes.
MAX_PARTS = 600_000
ELEMENT_PARTS = 3
MAX_NAME_CHARACTERS = 80
# Characters of a namespace. The parser repeats it before each name that has it.
MAX_NAMESPACE = 200


def parse(data: bytes, *, deepest: int = MAX_DEPTH) -> Element:
    """The root of an XML document.

    Raises:
        FileTooLarge, XmlTooDeep, TooManyXmlParts: more than 16 MiB, 64 nested elements, or 600,000 parts.
        NamespaceTooLong, EntityInXml, ExternalEntityInXml, DoctypeInXml: constructs that Final Draft never writes.
        NotXml: it is cut off, or not XML at all.
    """
    if len(data) > MAX_FILE_BYTES:
        raise FileTooLarge(size=len(data), limit=MAX_FILE_BYTES)
    _require_plain(data)
    return _parse(data, deepest)


def _require_plain(data: bytes) -> None:
    """Refuse document types and long namespaces with a parser that expands neither; it ignores other errors.

    The main parser would expand them to the end of the file before it raises our refusal: a kilobyte of names in a
    namespace of a megabyte is gigabytes of names.
    """
    parser = expat.ParserCreate()
    parser.StartElementHandler = _start
    parser.EntityDeclHandler = _entity
    parser.EndDoctypeDeclHandler = _doctype
    with suppress(expat.ExpatError, LookupError, ValueError):
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no names


def _start(_: str, attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        if len(value) > MAX_NAMESPACE and name.partition(":")[0] == "xmlns":
            raise NamespaceTooLong(size=len(value), limit=MAX_NAMESPACE)


def _entity(name: str, _is_parameter: bool, _value: str | None, _base: str | None, *places: str | None) -> None:
    if target := places[0] or places[1]:
        raise ExternalEntityInXml(target=target[:MAX_NAME_CHARACTERS])
    raise EntityInXml(name=name[:MAX_NAME_CHARACTERS])


def _doctype() -> None:
    raise DoctypeInXml


def _parse(data: bytes, deepest: int) -> Element:
    parser = DefusedXMLParser(target=_Shallow(deepest), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (DTDForbidden, EntitiesForbidden):
        # The file is cut off within its document type.
        raise DoctypeInXml from None
    except ParseError as error:
        raise NotXml(line=error.position[0], problem=str(error).partition(":")[0]) from None
    except (LookupError, ValueError) as error:
        # The encoding is unknown.
        raise NotXml(line=1, problem=str(error)[:MAX_NAME_CHARACTERS]) from None
    return root


class _Shallow(TreeBuilder):
    """Tree builder that stops where the tree gets too deep or has too many parts."""

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
