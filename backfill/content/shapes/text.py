"""Empty contents, Fountain and plain text: each source line is a line, without an id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from backfill.content.shape import Decoded, LegacyLine, Shape, register, require_few_lines
from domain.script.script_size import MAX_LINES

_LINE = re.compile(rb"([^\r\n]*)((?:\r\n|\r|\n)*)")
_SCENE = re.compile(rb"(?mi)^[ \t]*(?:\.(?=[a-z0-9])|(?:INT|EXT|EST|I/E|INT\.?/EXT)[. ])")
_TITLE_PAGE = re.compile(rb"(?i)\A(?:title|credit|author|authors|draft date|contact|source):")
# How much of a text is searched for a scene heading.
SEARCHED_BYTES = 65_536


def split(data: bytes) -> Iterator[tuple[str, str]]:
    """A text as lines with the line ends after them; blank lines belong to the line before.

    Raises:
        ContentTooManyLines.
    """
    require_few_lines(sum(1 for _ in _LINE.finditer(data)) if max(map(data.count, b"\n\r")) > MAX_LINES else 0)
    # Each line is decoded alone: one emoji makes every character of the text around it take four bytes.
    for match in _LINE.finditer(data):
        if match.end() > match.start():
            yield match[1].decode(), match[2].decode()


def looks_like_fountain(data: bytes) -> bool:
    """Whether a text has a scene heading or begins with a title page."""
    start = data[:SEARCHED_BYTES]
    return _TITLE_PAGE.match(start) is not None or _SCENE.search(start) is not None


def _decode(shape: str, data: bytes) -> Decoded:
    lines = tuple(LegacyLine(None, shape, text, sep) for text, sep in split(data))
    return Decoded(shape, lines, exact=True)


def _encode(decoded: Decoded) -> bytes:
    return "".join(line.text + line.sep for line in decoded.lines).encode()


def _shape(name: str, title: str) -> Shape:
    recognise = {"empty": lambda data: not data.strip(), "fountain": looks_like_fountain}.get(name, lambda _: True)
    return register(Shape(name, title, recognise, partial(_decode, name), _encode))


EMPTY = _shape("empty", "nothing, or white space only")
FOUNTAIN = _shape("fountain", "Fountain")
PLAIN = _shape("plain", "plain text")
