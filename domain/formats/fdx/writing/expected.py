"""Lines to be written: each with its printed text, and with the notes and boneyards inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.formats.fountain.classify import UNPRINTED_SPANS
from domain.formats.fountain.display import LITERAL
from domain.formats.fountain.source import BLANKS, SourceLine
from domain.formats.fountain.spans import CLOSER, SPANS, Scan, Span, has_span, scan_all
from domain.script.line import Line

_OPENER = re.compile(r"\[\[|/\*")


class InnerNote(Struct, frozen=True):
    """A note or boneyard inside a printed line, without its brackets."""

    kind: Span
    text: str


class ExpectedParagraph(Struct, frozen=True):
    """A line to be written; `sep` is None where it is the default one.

    `visible` is its text without the notes and boneyards inside it. `continues_span`: it begins inside of a span that a
    line above opened.
    """

    line: Line
    sep: str | None
    visible: str
    inner: tuple[InnerNote, ...] = ()
    continues_span: bool = False


def expected(lines: Sequence[Line]) -> list[ExpectedParagraph]:
    """The lines to be written, with their own separators."""
    if not any(has_span(line.text) for line in lines):
        return [ExpectedParagraph(line, line.sep, line.text) for line in lines]
    source: list[SourceLine] = [("" if line.attrs.get(LITERAL) is True else line.text, line.sep) for line in lines]
    scans = scan_all(source, [line.format for line in lines])
    return list(_scanned(lines, scans))


def with_default_seps(wanted: Sequence[ExpectedParagraph], defaults: Iterator[str]) -> list[ExpectedParagraph]:
    """The lines without the separators that are the default ones."""
    return [
        replace(each, sep=None if each.line.sep == default else each.line.sep)
        for each, default in zip(wanted, defaults, strict=True)
    ]


def _scanned(lines: Sequence[Line], scans: Sequence[Scan]) -> Iterator[ExpectedParagraph]:
    inside: Span | None = None
    for line, scanned in zip(lines, scans, strict=True):
        if line.format in UNPRINTED_SPANS or line.attrs.get(LITERAL) is True:
            yield ExpectedParagraph(line, line.sep, line.text, (), inside is not None)
        elif scanned.visible in ("", line.text):
            yield ExpectedParagraph(line, line.sep, line.text)
        else:
            inner = tuple(InnerNote(kind, text) for kind, text in _inner(line.text, inside, scanned.inside) if text)
            yield ExpectedParagraph(line, line.sep, scanned.visible, inner)
        inside = scanned.inside


def _inner(text: str, inside: Span | None, inside_after: Span | None) -> Iterator[tuple[Span, str]]:
    """The texts of the spans in a line that begins `inside` one, and ends inside of one. Linear in its length."""
    position = 0
    if inside is not None:
        position = text.find(CLOSER[inside])
        yield inside, text[:position].strip(BLANKS)
        position += 2
    last = {kind: text.rfind(closer) for kind, closer in CLOSER.items()}
    while opening := _OPENER.search(text, position):
        kind, position = SPANS[opening[0]], opening.end()
        if last[kind] >= position:
            end = text.find(CLOSER[kind], position)
            yield kind, text[position:end].strip(BLANKS)
            position = end + 2
        elif kind == inside_after:
            yield kind, text[position:].strip(BLANKS)
            return
