"""Empty contents, Fountain and plain text: each source line is a line, without an id."""

from __future__ import annotations

import re
from functools import partial

from backfill.content.shape import Decoded, LegacyLine, Shape, register

_LINE = re.compile(r"([^\r\n]*)((?:\r\n|\r|\n)*)")
_SCENE = re.compile(rb"(?mi)^[ \t]*(?:\.(?=[a-z0-9])|(?:INT|EXT|EST|I/E|INT\.?/EXT)[. ])")
_TITLE_PAGE = re.compile(rb"(?i)\A(?:title|credit|author|authors|draft date|contact|source):")
# How much of a text is searched for a scene heading.
SEARCHED_BYTES = 65_536


def split(text: str) -> tuple[tuple[str, str], ...]:
    """A text as lines with the line ends after them; blank lines belong to the line before."""
    parts = [(match[1], match[2]) for match in _LINE.finditer(text)]
    return tuple(parts[:-1] if len(parts) > 1 or not text else parts)


def looks_like_fountain(data: bytes) -> bool:
    """Whether a text has a scene heading or begins with a title page."""
    start = data[:SEARCHED_BYTES]
    return _TITLE_PAGE.match(start) is not None or _SCENE.search(start) is not None


def _decode(shape: str, data: bytes) -> Decoded:
    lines = tuple(LegacyLine(None, shape, text, sep) for text, sep in split(data.decode()))
    return Decoded(shape, lines, exact=True)


def _encode(decoded: Decoded) -> bytes:
    return "".join(line.text + line.sep for line in decoded.lines).encode()


def _shape(name: str, title: str) -> Shape:
    recognise = {"empty": lambda data: not data.strip(), "fountain": looks_like_fountain}.get(name, lambda _: True)
    return register(Shape(name, title, recognise, partial(_decode, name), _encode))


EMPTY = _shape("empty", "nothing, or white space only")
FOUNTAIN = _shape("fountain", "Fountain")
PLAIN = _shape("plain", "plain text")
