"""Lines to be written: each with its printed text, and with the notes and boneyards inside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.formats.fdx.paragraph import MAX_GAP_CHARACTERS
from domain.formats.fountain.classify import UNPRINTED_SPANS
from domain.formats.fountain.display import LITERAL
from domain.formats.fountain.source import BLANKS, SourceLine
from domain.formats.fountain.spans import CLOSER, SPANS, Scan, Span, has_span, scan_all
from domain.script.line import Line

# In one script, so that what is written is not too large to be read: asterisks and underscores that may be emphasis,
# notes and boneyards inside lines, and empty lines in notes. What is beyond stands in the attributes only.
MAX_MARK_CHARACTERS = 30_000
MAX_INNER_NOTES = 5_000
MAX_EMPTY_LINES = 5_000
_OPENER = re.compile(r"\[\[|/\*")


class InnerNote(Struct, frozen=True):
    """A note or boneyard inside a printed line, without its brackets."""

    kind: Span
    text: str


class ExpectedParagraph(Struct, frozen=True):
    """A line to be written; `sep` is None where it is the default one.

    `visible` is its text without the notes and boneyards inside it. `continues_span`: it begins inside of a span that a
    line above opened. `emphasised`: its emphasis is written as styles. `gap`: the number of empty paragraphs below it,
    in a note.
    """

    line: Line
    sep: str | None
    visible: str
    inner: tuple[InnerNote, ...] = ()
    continues_span: bool = False
    emphasised: bool = True
    gap: int = 0


def expected(lines: Sequence[Line]) -> list[ExpectedParagraph]:
    """The lines to be written, with their own separators."""
    if any(has_span(line.text) for line in lines):
        source: list[SourceLine] = [("" if line.attrs.get(LITERAL) is True else line.text, line.sep) for line in lines]
        wanted = _scanned(lines, scan_all(source, [line.format for line in lines]))
    else:
        wanted = (ExpectedParagraph(line, line.sep, line.text) for line in lines)
    return list(_bounded(wanted))


def with_default_seps(wanted: Sequence[ExpectedParagraph], defaults: Iterator[str]) -> list[ExpectedParagraph]:
    """The lines without the separators that are the default ones."""
    return [
        replace(each, sep=None if each.line.sep == default else each.line.sep)
        for each, default in zip(wanted, defaults, strict=True)
    ]


def _bounded(wanted: Iterable[ExpectedParagraph]) -> Iterator[ExpectedParagraph]:
    """The lines, with no more parts in all than a file may have."""
    marks = inner = empty = 0
    for each in wanted:
        text = each.visible
        marks += text.count("*") + text.count("_") if "*" in text or "_" in text else 0
        inner += len(each.inner)
        gap = empty_lines(each.line.sep) if each.line.format in UNPRINTED_SPANS else 0
        empty += gap
        if marks <= MAX_MARK_CHARACTERS and inner <= MAX_INNER_NOTES and not gap:
            yield each
            continue
        yield replace(
            each,
            inner=each.inner if inner <= MAX_INNER_NOTES else (),
            emphasised=marks <= MAX_MARK_CHARACTERS,
            gap=gap if empty <= MAX_EMPTY_LINES else 0,
        )


def empty_lines(sep: str) -> int:
    """The number of empty paragraphs that stand for the empty lines of a separator."""
    ends = len(sep)
    return ends - 1 if 1 < ends <= MAX_GAP_CHARACTERS and sep == "\n" * ends else 0


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
