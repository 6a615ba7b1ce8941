"""Lookahead of the Fountain writer: the context below the line being written.

A reader looks ahead, so the writer must too, at lines whose marks are not chosen yet. Where two outcomes are possible,
both are listed, and a line is only written without marks if it reads back correctly under both.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.formats.fountain.classify import NOTHING, UNPRINTED, UNPRINTED_SPANS, After
from domain.formats.fountain.expressible import ExpectedLine
from domain.formats.fountain.source import BLANKS, has_blank, is_blank
from domain.formats.fountain.spans import CLOSER, OPENER, Span, has_span, is_broken
from domain.formats.fountain.title_page import EntriesBelow, entries_at, is_indented
from domain.script.line import LineFormat

_TEXT = After(clear=False, speech=True, indented=False)
# Formats that may be directly below speech. Above any other line, the writer may have to put an empty one.
_SPOKEN = frozenset({"dialogue", "parenthetical", "lyric"})


class Ahead(Struct, frozen=True, gc=False):
    """The context below a line that is being written.

    `contexts`: the possible contexts if no empty line comes between. `speech`, `title_page`: whether the next line that
    counts continues a speech or the title page. `ends`: for each kind of span the format of the line that would end it
    correctly, if it were open: every line up to there is of its kind. `may_end`: the kinds that a line below might
    end, correctly or not.
    """

    contexts: tuple[After, ...]
    speech: bool
    title_page: bool
    ends: dict[Span, LineFormat]
    may_end: frozenset[Span]


_NO_ENDS: dict[Span, LineFormat] = {}
_NOTE: frozenset[Span] = frozenset({"note"})
_BONEYARD: frozenset[Span] = frozenset({"boneyard"})
_END = Ahead(contexts=(NOTHING,), speech=False, title_page=False, ends=_NO_ENDS, may_end=frozenset())


def outlook(wanted: Sequence[ExpectedLine]) -> list[Ahead]:
    """The context below each line. Linear: from the last line up."""
    aheads = []
    ahead = _END
    for line in reversed(wanted):
        aheads.append(ahead)
        ahead = _above(line, ahead)
    aheads.reverse()
    return aheads


def _above(line: ExpectedLine, ahead: Ahead) -> Ahead:
    hidden = line.format in UNPRINTED_SPANS
    passes = hidden or line.format == "lyric"
    return Ahead(
        contexts=_contexts(line, ahead),
        speech=ahead.speech if passes else line.format in {"dialogue", "parenthetical"},
        title_page=ahead.title_page if hidden else line.format == "title_entry",
        ends=_ends(line, ahead),
        may_end=_may_end(line, ahead),
    )


def _contexts(line: ExpectedLine, ahead: Ahead) -> tuple[After, ...]:
    if line.format in UNPRINTED_SPANS:
        below = _below_hidden(line, ahead)
        return tuple({replace(after, clear=True, indented=False) for after in below})
    if is_blank(line.text) and line.format != "page_break":
        return (NOTHING,)
    direct = replace(_TEXT, clear=line.format in UNPRINTED)
    # An indent in the text or made by the writer; a mark may be put before it.
    indents = {is_indented(line.text), line.format == "title_entry"}
    contexts = {
        replace(direct, indented=indented, entries=entries) for indented in indents for entries in _entries(line, ahead)
    }
    if line.format not in _SPOKEN and line.format != "title_entry":
        contexts.add(NOTHING)
    return tuple(contexts)


def _entries(line: ExpectedLine, ahead: Ahead) -> set[EntriesBelow]:
    below: set[EntriesBelow] = {"none"} if has_blank(line.sep) else {after.entries for after in ahead.contexts}
    if line.format == "title_entry" and not has_span(line.text):
        # Without a key it is going to be indented.
        return {entries_at(f" {line.text}", entries) for entries in below}
    if ":" in line.text or is_indented(line.text):
        return {"none", "label", "key"}
    return {"none"}


def _below_hidden(line: ExpectedLine, ahead: Ahead) -> set[After]:
    if not has_blank(line.sep):
        return set(ahead.contexts)
    opens = line.text.rfind(OPENER["boneyard"]) - line.text.rfind(CLOSER["boneyard"])
    in_boneyard = "boneyard" in ahead.may_end and (opens > 0 or (opens == 0 and line.format == "boneyard"))
    # Empty lines inside a boneyard are part of it, and they are dropped where the speech continues below.
    return {NOTHING, *ahead.contexts} if in_boneyard or ahead.speech else {NOTHING}


def _ends(line: ExpectedLine, ahead: Ahead) -> dict[Span, LineFormat]:
    if line.format not in UNPRINTED_SPANS and "]]" not in line.text and "*/" not in line.text:
        return _NO_ENDS
    ends: dict[Span, LineFormat] = {}
    for kind, closer in CLOSER.items():
        if closer in line.text:
            visible = line.format not in UNPRINTED_SPANS and not is_blank(line.text.partition(closer)[2])
            if line.format == kind or visible:
                ends[kind] = line.format
        elif line.format == kind and kind in ahead.ends:
            broken = kind == "note" and (is_broken(line.text) or has_blank(line.sep))
            if not broken:
                ends[kind] = ahead.ends[kind]
    return ends


def _may_end(line: ExpectedLine, ahead: Ahead) -> frozenset[Span]:
    kinds = ahead.may_end
    # Inside a speech or the title page an empty line is dropped, and a blank one gets its two spaces.
    dropped = ahead.speech or ahead.title_page
    if (has_blank(line.sep) and not dropped) or (line.format == "action" and is_broken(line.text)):
        kinds -= _NOTE
    if line.format == "note" or "]]" in line.text:
        kinds |= _NOTE
    # The text of a page break is going to be a boneyard.
    if (
        line.format == "boneyard"
        or "*/" in line.text
        or (line.format == "page_break" and line.text.strip("=" + BLANKS))
    ):
        kinds |= _BONEYARD
    return kinds
