"""Fountain reader, lossless: the concatenated texts and line ends of the lines are the text of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from domain.formats.format import Imported
from domain.formats.fountain.attrs import attrs_of
from domain.formats.fountain.classify import (
    NOTHING,
    TOP,
    After,
    advance,
    classify,
    context_below,
    following,
    may_be_heading,
)
from domain.formats.fountain.source import SourceLine, checked_lines
from domain.formats.fountain.spans import Scan, scan_all
from domain.formats.fountain.title_page import title_of
from domain.formats.places import places
from domain.formats.text_file import decode
from domain.script.line import Line, LineFormat


def read(data: bytes, new_id: Callable[[], str]) -> Imported:
    """Read a Fountain file; each source line becomes one line with an id of its own.

    `text` is the source line as written, including marks, byte order mark and white space; `sep` is its line end and
    those of the empty lines after it. Empty lines at the top of the file belong to a line without text, of format
    action. A line with both a span and visible text has the format of the visible text. The formats general and
    chapter_break never result from Fountain.

    Raises:
        FileTooLarge, TooManyLines, LineTooLong: more than 16 MiB, 50,000 lines, or 1 MiB in one line.
        NotUtf8, ControlCharacterInFile: the file is not clearly text; see `text_file.decode`.
    """
    file = decode(data)
    source = checked_lines(file.text)
    scans = scan_all(source)
    formats = formats_of(source, scans)
    return Imported(
        title=title_of(
            scanned.visible for scanned, line_format in zip(scans, formats, strict=True) if line_format == "title_entry"
        ),
        lines=tuple(
            Line(
                id=new_id(),
                format=line_format,
                text=text,
                sep=sep,
                attrs=attrs_of(line_format, scanned.visible),
            )
            for (text, sep), scanned, line_format in zip(source, scans, formats, strict=True)
        ),
        hints=(*file.changes, *_hints(source, scans, formats)),
    )


def formats_of(source: Sequence[SourceLine], scans: Sequence[Scan]) -> list[LineFormat]:
    """The format of every source line, from the lines without their spans."""
    formats = []
    before = TOP
    for (_, sep), scanned, after in zip(source, scans, _followings(source, scans), strict=True):
        line_format = scanned.hidden or classify(scanned.visible, before, after)
        before = advance(before, line_format, scanned, sep)
        formats.append(line_format)
    return formats


def _hints(source: Sequence[SourceLine], scans: Sequence[Scan], formats: Sequence[LineFormat]) -> Iterator[str]:
    numbers = []
    number = 1
    for (_, sep), scanned, line_format in zip(source, scans, formats, strict=True):
        if may_be_heading(scanned.visible, line_format):
            numbers.append(number)
        number += len(sep) - sep.count("\r\n")
    if numbers:
        yield (
            f"Scene headings need an empty line above and below; without, {places(numbers)} "
            f"{'is' if len(numbers) == 1 else 'are'} action or dialogue."
        )


def _followings(source: Sequence[SourceLine], scans: Sequence[Scan]) -> list[After]:
    followings = []
    next_line = NOTHING
    for (_, sep), scanned in zip(reversed(source), reversed(scans), strict=True):
        after = context_below(sep, scanned, next_line)
        followings.append(after)
        next_line = following(scanned, after)
    followings.reverse()
    return followings
