"""Empty contents, Fountain and plain text: each source line is a line, without an id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from msgspec.structs import replace

from backfill.content.shape import Decoded, LegacyLine, Shape, is_utf8, register, require_few_lines
from backfill.content.window import Window, equal_end, equal_start
from domain.script.script_size import MAX_LINES

_LINE = re.compile(rb"([^\r\n]*)((?:\r\n|\r|\n)*)")
_TEXT = re.compile(rb"[^\r\n]+")
_LINE_ENDS = b"\r\n"
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


def decode_changed(
    decode: Callable[[bytes], Decoded], before: Decoded, old: bytes, data: bytes
) -> tuple[Decoded, Window] | None:
    """A text after a change, whose source lines outside of the shared bytes are decoded.

    Each source line was one line before.
    """
    shared = equal_start(old, data)
    start = _line_start_before(data, shared)
    end = _line_start_after(data, len(data) - equal_end(old, data, shared))
    old_end_at = end + len(old) - len(data)
    part = data[start:end]
    if not is_utf8(part):
        return None
    # Only the shorter side is counted.
    if start > len(data) - end:
        old_end = len(before.lines) - count_lines(data[end:])
        first = old_end - count_lines(old[start:old_end_at])
    else:
        first = count_lines(data[:start])
        old_end = first + count_lines(old[start:old_end_at])
    changed = decode(part).lines
    lines = (*before.lines[:first], *changed, *before.lines[old_end:])
    require_few_lines(len(lines))
    return replace(before, lines=lines), Window(first, old_end, first + len(changed))


def count_lines(data: bytes) -> int:
    """The number of source lines; blank lines at the beginning are one."""
    return len(_TEXT.findall(data)) + (data[:1] in (b"\r", b"\n"))


def _line_start_before(data: bytes, shared: int) -> int:
    """The start of the last line whose first character is before `shared`."""
    end = max(0, shared - 1)
    while (at := max(data.rfind(b"\n", 0, end), data.rfind(b"\r", 0, end))) >= 0:
        if data[at + 1] not in _LINE_ENDS:
            return at + 1
        end = at
    return 0


def _line_start_after(data: bytes, position: int) -> int:
    """The start of the first line after a line end that is not before a position."""
    for match in _TEXT.finditer(data, position):
        if match.start() > position:
            return match.start()
    return len(data)


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
    decode = partial(_decode, name)
    changed = None if name == "empty" else partial(decode_changed, decode)
    return register(Shape(name, title, recognise, decode, _encode, changed))


EMPTY = _shape("empty", "nothing, or white space only")
FOUNTAIN = _shape("fountain", "Fountain")
PLAIN = _shape("plain", "plain text")
