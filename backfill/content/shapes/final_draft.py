"""Final Draft files (FDX) as contents: their lines are those of an import of the file."""

from __future__ import annotations

from typing import NamedTuple

from backfill.content.shape import Decoded, LegacyLine, Shape, register
from domain.formats.registry import FORMATS
from domain.script.line import Line

NAME = "final_draft"
FORMAT = FORMATS["fdx"]

_MARK = b"\xef\xbb\xbf"
_ROOT = b"<FinalDraft"
_AFTER_NAME = (b" ", b"\t", b"\r", b"\n", b">", b"/")
# What may stand before the root element, and how each ends.
_PROLOG = {b"<?": b"?>", b"<!--": b"-->", b"<!DOCTYPE": b">"}
# Where the root element must begin.
SEARCHED_BYTES = 4096


class Source(NamedTuple):
    """A file and its lines: with these lines it is encoded to its own bytes."""

    data: bytes
    lines: tuple[LegacyLine, ...]


def root_of(data: bytes) -> int | None:
    """Where the root element of a Final Draft file begins; None if the content is none."""
    start = data[:SEARCHED_BYTES]
    rest = start.lstrip().removeprefix(_MARK).lstrip()
    while (end := next((end for begin, end in _PROLOG.items() if rest.startswith(begin)), None)) is not None:
        rest = rest.partition(end)[2].lstrip()
    if not rest.startswith(_ROOT) or rest[len(_ROOT) :][:1] not in _AFTER_NAME:
        return None
    return len(start) - len(rest)


def lines_of(legacy: tuple[LegacyLine, ...]) -> tuple[Line, ...]:
    """The lines as the importer of files read them, each without an id."""
    return tuple(Line("", line.format, line.text, line.sep, line.extra or {}) for line in legacy)  # type: ignore[arg-type]


def _decode(data: bytes) -> Decoded:
    # Without the XML declaration: the database decoded the text, whatever encoding the file names.
    read = FORMAT.read(data[root_of(data) or 0 :], _no_id).lines
    lines = tuple(LegacyLine(None, line.format, line.text, line.sep, extra=dict(line.attrs) or None) for line in read)
    return Decoded(NAME, lines, Source(data, lines), exact=True)


def _encode(decoded: Decoded) -> bytes:
    source: Source = decoded.dressing
    return source.data if decoded.lines == source.lines else FORMAT.write(lines_of(decoded.lines))


def _no_id() -> str:
    return ""


FINAL_DRAFT = register(
    Shape(NAME, "a Final Draft file", lambda data: root_of(data) is not None, _decode, _encode),
)
