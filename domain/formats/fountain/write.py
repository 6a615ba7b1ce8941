"""Fountain writer: the bytes read back as the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.formats.fountain.classify import SPEECH, TOP, UNPRINTED_SPANS, Before, advance, classify, context_below
from domain.formats.fountain.conversion.lines import as_fountain
from domain.formats.fountain.expressible import ExpectedLine, expressible
from domain.formats.fountain.lookahead import Ahead, outlook
from domain.formats.fountain.markup import hidden_candidates, visible_candidates, with_attrs
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
    lines = tuple(as_fountain(tuple(lines)))
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
    written = _first_correct(line, before, inside, ahead)
    if has_blank(line.sep) and written.scanned.inside != "boneyard" and _continues(line, before, ahead):
        # An empty line would end the speech or the title page.
        line = replace(line, sep=first_end(line.sep))
        return _first_correct(line, before, inside, ahead)
    return written


def _first_correct(line: ExpectedLine, before: Before, inside: Span | None, ahead: Ahead) -> _Written:
    may_stay = _may_stay_open(line, before, ahead)
    closes = NOT_CLOSED
    if may_stay or ahead.may_end:
        closes = Closes(
            note="note" in may_stay or ("note" in ahead.may_end and not has_blank(line.sep)),
            boneyard="boneyard" in may_stay or "boneyard" in ahead.may_end,
        )
    for lead, text in _candidates(line, before, inside, closes):
        scanned = scan(text, inside, closes)
        if scanned.inside and scanned.inside not in may_stay:
            continue
        if _is_correct(line, scanned, _after_empty_line(before) if lead else before, ahead):
            return _Written(lead, text, line.sep, scanned)
    # The text matters more than its format. No input is known that reaches this line.
    return _Written(lead=False, text=line.text, sep=line.sep, scanned=scan(line.text, inside, closes))


def _candidates(line: ExpectedLine, before: Before, inside: Span | None, closes: Closes) -> Iterator[tuple[bool, str]]:
    if with_attrs(line.format, line.text, line.attrs) == line.text:
        yield False, line.text
    scanned = scan(line.text, inside, closes)
    start = scanned.start
    if line.format == "note" or line.format == "boneyard":  # noqa: PLR1714 -- mypy narrows by it
        start = 0 if inside else start
        for text in hidden_candidates(line.format, line.text[start:], inside):
            yield False, line.text[:start] + text
        return
    candidates = [
        line.text[:start] + text
        for text in visible_candidates(
            line.format, line.text[start:], line.attrs, before.place, hidden=scanned.hidden is not None
        )
    ]
    # A title page ends with an empty line in every reader, so an empty line is tried before marks.
    if before.place == "title page" and line.format != "title_entry" and not inside:
        yield from ((True, text) for text in candidates)
    yield from ((False, text) for text in candidates)
    if not inside:
        yield from ((True, text) for text in candidates)


def _is_correct(line: ExpectedLine, scanned: Scan, before: Before, ahead: Ahead) -> bool:
    if line.format in UNPRINTED_SPANS or scanned.hidden:
        return scanned.hidden == line.format
    if is_blank(scanned.visible) and not is_blank(line.text):
        return False
    return all(
        classify(scanned.visible, before, context_below(line.sep, scanned, context)) == line.format
        for context in ahead.contexts
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


def _continues(line: ExpectedLine, before: Before, ahead: Ahead) -> bool:
    hidden = line.format in UNPRINTED_SPANS
    if line.format == "title_entry" or (hidden and before.place == "title page"):
        return ahead.title_page
    speaking = line.format in SPEECH or (before.speaking and (hidden or line.format == "lyric"))
    return speaking and ahead.speech


def _after_empty_line(before: Before) -> Before:
    return Before("top" if before.place == "top" else "body", after_gap=True, speaking=False)
