"""Fountain writer: the bytes read back as the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.formats.fountain.classify import SPEECH, TOP, UNPRINTED_SPANS, Before, advance, behind, classify
from domain.formats.fountain.expressible import ExpectedLine, expressible
from domain.formats.fountain.lookahead import Ahead, outlook
from domain.formats.fountain.markup import hidden_ways, visible_ways, with_attrs
from domain.formats.fountain.read import formats_of
from domain.formats.fountain.source import first_end, has_blank, is_blank, split_lines
from domain.formats.fountain.spans import NOT_CLOSED, Closes, Scan, Span, scan, scan_all
from domain.script.line import Line

_NONE: frozenset[Span] = frozenset()


class _Written(Struct, frozen=True, gc=False):
    lead: bool
    text: str
    sep: str
    scanned: Scan


def write(lines: Iterable[Line]) -> bytes:
    """Write lines as a Fountain file.

    Lines that read back unchanged are written byte for byte. Others get the marks that make them read back with the
    same format, and, where a mark cannot do that, an empty line above; lines that Fountain cannot express are written
    by the table in `expressible`.
    """
    lines = tuple(lines)
    if _reads_back(lines):
        return "".join(line.text + line.sep for line in lines).encode()
    return "".join(_marked(expressible(lines))).encode()


def _reads_back(lines: Sequence[Line]) -> bool:
    source = split_lines("".join(line.text + line.sep for line in lines))
    return (
        [text for text, _ in source] == [line.text for line in lines]
        and formats_of(source, scan_all(source)) == [line.format for line in lines]
        and all(with_attrs(line.format, line.text, line.attrs) == line.text for line in lines if line.attrs)
    )


def _marked(wanted: Sequence[ExpectedLine]) -> Iterator[str]:
    before = TOP
    inside: Span | None = None
    line_end = "\n"
    for line, ahead in zip(wanted, outlook(wanted), strict=True):
        written = _write_line(line, before, inside, ahead)
        if written.lead:
            yield line_end
            before = _after_empty_line(before)
        yield written.text
        yield written.sep
        before = advance(before, line.format, written.scanned, written.sep)
        inside = written.scanned.inside
        line_end = first_end(written.sep)


def _write_line(line: ExpectedLine, before: Before, inside: Span | None, ahead: Ahead) -> _Written:
    written = _first_that_reads_right(line, before, inside, ahead)
    if has_blank(line.sep) and written.scanned.inside != "boneyard" and _goes_on(line, before, ahead):
        # An empty line would end the speech or the title page.
        line = replace(line, sep=first_end(line.sep))
        return _first_that_reads_right(line, before, inside, ahead)
    return written


def _first_that_reads_right(line: ExpectedLine, before: Before, inside: Span | None, ahead: Ahead) -> _Written:
    stays = _may_stay_open(line, before, ahead)
    closes = NOT_CLOSED
    if stays or ahead.may_end:
        closes = Closes(
            note="note" in stays or ("note" in ahead.may_end and not has_blank(line.sep)),
            boneyard="boneyard" in stays or "boneyard" in ahead.may_end,
        )
    for lead, text in _ways(line, before, inside, closes):
        scanned = scan(text, inside, closes)
        if scanned.inside and scanned.inside not in stays:
            continue
        if _reads_right(line, scanned, _after_empty_line(before) if lead else before, ahead):
            return _Written(lead, text, line.sep, scanned)
    # The text matters more than its format. No input is known that reaches this line.
    return _Written(lead=False, text=line.text, sep=line.sep, scanned=scan(line.text, inside, closes))


def _ways(line: ExpectedLine, before: Before, inside: Span | None, closes: Closes) -> Iterator[tuple[bool, str]]:
    if with_attrs(line.format, line.text, line.attrs) == line.text:
        yield False, line.text
    scanned = scan(line.text, inside, closes)
    start = scanned.start
    if line.format == "note" or line.format == "boneyard":  # noqa: PLR1714 -- mypy narrows by it
        start = 0 if inside else start
        for text in hidden_ways(line.format, line.text[start:], inside):
            yield False, line.text[:start] + text
        return
    ways = [
        line.text[:start] + text
        for text in visible_ways(
            line.format, line.text[start:], line.attrs, before.place, hidden=scanned.hidden is not None
        )
    ]
    # A title page ends with an empty line in every reader, so an empty line is tried before marks.
    if before.place == "title page" and line.format != "title_entry" and not inside:
        yield from ((True, text) for text in ways)
    yield from ((False, text) for text in ways)
    if not inside:
        yield from ((True, text) for text in ways)


def _reads_right(line: ExpectedLine, scanned: Scan, before: Before, ahead: Ahead) -> bool:
    if line.format in UNPRINTED_SPANS or scanned.hidden:
        return scanned.hidden == line.format
    if is_blank(scanned.visible) and not is_blank(line.text):
        return False
    return all(
        classify(scanned.visible, before, behind(line.sep, scanned, look)) == line.format for look in ahead.looks
    )


def _may_stay_open(line: ExpectedLine, before: Before, ahead: Ahead) -> frozenset[Span]:
    if not ahead.ends:
        return _NONE
    in_title_page = line.format == "title_entry" or (before.place == "title page" and line.format in UNPRINTED_SPANS)
    return frozenset(
        kind
        for kind, line_format in ahead.ends.items()
        if not (kind == "note" and has_blank(line.sep))
        # Where the title page ends, there must be room for an empty line.
        and not (in_title_page and line_format not in UNPRINTED_SPANS | {"title_entry"})
    )


def _goes_on(line: ExpectedLine, before: Before, ahead: Ahead) -> bool:
    hidden = line.format in UNPRINTED_SPANS
    if line.format == "title_entry" or (hidden and before.place == "title page"):
        return ahead.title_page
    speaking = line.format in SPEECH or (before.speaking and (hidden or line.format == "lyric"))
    return speaking and ahead.speech


def _after_empty_line(before: Before) -> Before:
    return Before("top" if before.place == "top" else "body", fresh=True, speaking=False)
