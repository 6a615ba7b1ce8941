"""Preserved attributes: properties of lines that a paragraph cannot express, in an attribute unknown to Final Draft.

Where a paragraph would not be read as the lines it was written for, the attribute holds the differences. It applies as
long as the text of the paragraph is unchanged: a paragraph changed in Final Draft since is read as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

import msgspec
from msgspec import Struct

from domain.errors import Rejected
from domain.formats.fdx.display import shown
from domain.formats.fdx.runs import dump
from domain.formats.fdx.types import type_of
from domain.script.line import Attr, Line, LineFormat
from domain.script.validation import check_attrs, check_sep, check_text

ATTRIBUTE = "ScriptLedger"


class ParagraphDraft(Struct, frozen=True):
    """A line without id; `sep` is None where it is the default one for its place.

    `joined` marks a line of the same paragraph as the line above.
    """

    format: LineFormat
    text: str
    attrs: dict[str, Attr]
    sep: str | None = None
    joined: bool = False


class PreservedAttributes(Struct, frozen=True, omit_defaults=True):
    """Differences between a line and its paragraph; `absent` marks an element without a line of its own.

    `words` is the text of the paragraph where the line alone does not tell it, because a span reaches over several
    lines. `more` are the differences of the other lines of the paragraph, all of them or none, and `before` the lines
    of a page break above it (None: the default one, if it starts a new page).
    """

    text: str | None = None
    format: LineFormat | None = None
    attrs: dict[str, Attr] | None = None
    sep: str | None = None
    absent: bool = False
    words: str | None = None
    more: tuple[PreservedAttributes, ...] = ()
    before: tuple[PreservedAttributes, ...] | None = None


NOTHING = PreservedAttributes()
# The line of a page break, as Fountain writes it.
PAGE_BREAK = ParagraphDraft("page_break", "===", {})


def difference(draft: ParagraphDraft, line: Line, *, sep: str | None) -> PreservedAttributes:
    """Differences of a line from its paragraph; `sep` is its separator where that is not the default."""
    return PreservedAttributes(
        text=None if draft.text == line.text else line.text,
        format=None if draft.format == line.format else line.format,
        attrs=None if _same(draft.attrs, line.attrs) else line.attrs,
        sep=sep,
        words=None if shown(line.format, line.text, line.attrs) == draft.text else draft.text,
    )


def keep(element: Element, preserved: PreservedAttributes) -> None:
    """Write the preserved attributes to an element, if there are any."""
    if preserved != NOTHING:
        # Encoded again as ASCII: an XML attribute cannot hold every control character.
        element.set(ATTRIBUTE, dump(msgspec.to_builtins(preserved)))


def take(attributes: dict[str, str]) -> PreservedAttributes:
    """Remove and return the preserved attributes of an element; NOTHING where they are damaged."""
    if ATTRIBUTE not in attributes:
        return NOTHING
    try:
        preserved = msgspec.json.decode(attributes.pop(ATTRIBUTE), type=PreservedAttributes)
        for each in (preserved, *preserved.more, *(preserved.before or ())):
            check_text("text", each.text or "")
            check_sep("sep", each.sep or "")
            check_attrs("attrs", each.attrs or {})
    except (msgspec.MsgspecError, Rejected, RecursionError):
        return NOTHING
    return preserved


def restored(
    drafts: Sequence[ParagraphDraft], preserved: PreservedAttributes, kind: str | None
) -> list[ParagraphDraft] | None:
    """The preserved lines of a paragraph, or None if its text or type was changed (None: a note has no type)."""
    each_preserved = (preserved, *preserved.more)
    if len(each_preserved) != len(drafts):
        return None
    lines = [_merged(draft, own) for draft, own in zip(drafts, each_preserved, strict=True)]
    for draft, own, line in zip(drafts, each_preserved, lines, strict=True):
        words = shown(line.format, line.text, line.attrs) if own.words is None else own.words
        if words != draft.text or (kind is not None and type_of(line.format, line.attrs)[0] != kind):
            return None
    return lines


def lines_before(preserved: PreservedAttributes) -> Iterator[ParagraphDraft]:
    """The lines of the page break above a paragraph that starts a new page."""
    if preserved.before is None:
        yield PAGE_BREAK
    for each in preserved.before or ():
        yield _merged(PAGE_BREAK, each)


def _merged(draft: ParagraphDraft, preserved: PreservedAttributes) -> ParagraphDraft:
    return ParagraphDraft(
        format=preserved.format or draft.format,
        text=draft.text if preserved.text is None else preserved.text,
        attrs=draft.attrs if preserved.attrs is None else preserved.attrs,
        sep=preserved.sep,
        joined=draft.joined,
    )


def _same(left: dict[str, Attr], right: dict[str, Attr]) -> bool:
    """Whether attributes are equal in type too: 1 is not true."""
    return left == right and all(type(left[name]) is type(right[name]) for name in left)
