"""Preserved attributes: properties of a line that a paragraph cannot express, in an attribute unknown to Final Draft.

Where a paragraph would not be read as the line it was written for, the attribute holds the differences. It applies as
long as the text of the paragraph is unchanged: a paragraph changed in Final Draft since is read as it is.
"""

from __future__ import annotations

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
    """A line without id; `sep` is None where it is the default one for its place."""

    format: LineFormat
    text: str
    attrs: dict[str, Attr]
    sep: str | None = None


class PreservedAttributes(Struct, frozen=True, omit_defaults=True):
    """Differences between a line and its paragraph; `absent` marks a paragraph without a line that only holds notes."""

    text: str | None = None
    format: LineFormat | None = None
    attrs: dict[str, Attr] | None = None
    sep: str | None = None
    absent: bool = False


NOTHING = PreservedAttributes()


def difference(draft: ParagraphDraft, line: Line, *, sep: str | None) -> PreservedAttributes:
    """Differences of a line from its paragraph; `sep` is its separator where that is not the default."""
    return PreservedAttributes(
        text=None if draft.text == line.text else line.text,
        format=None if draft.format == line.format else line.format,
        attrs=None if _same(draft.attrs, line.attrs) else line.attrs,
        sep=sep,
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
        check_text("text", preserved.text or "")
        check_sep("sep", preserved.sep or "")
        check_attrs("attrs", preserved.attrs or {})
    except (msgspec.MsgspecError, Rejected, RecursionError):
        return NOTHING
    return preserved


def restored(draft: ParagraphDraft, preserved: PreservedAttributes, kind: str | None) -> ParagraphDraft:
    """The preserved line, if text and type of the paragraph are unchanged (None: a note has no type)."""
    if preserved is NOTHING:
        return draft
    line = ParagraphDraft(
        format=preserved.format or draft.format,
        text=draft.text if preserved.text is None else preserved.text,
        attrs=draft.attrs if preserved.attrs is None else preserved.attrs,
        sep=preserved.sep,
    )
    same_words = shown(line.format, line.text, line.attrs) == draft.text
    same_type = kind is None or type_of(line.format, line.attrs)[0] == kind
    return line if same_words and same_type else ParagraphDraft(draft.format, draft.text, draft.attrs, preserved.sep)


def _same(left: dict[str, Attr], right: dict[str, Attr]) -> bool:
    """Whether attributes are equal in type too: 1 is not true."""
    return left == right and all(type(left[name]) is type(right[name]) for name in left)
