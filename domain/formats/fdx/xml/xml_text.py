"""Checks of text and names that are written to XML or read from it."""

from __future__ import annotations

import re

from domain.formats.fdx.refusals import ControlCharacterInXml, ParagraphLineTooLong
from domain.script.validation import MAX_TEXT_BYTES

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile("[\x7f-\x9f]")
_NAME = re.compile(r"(?!xml)[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII | re.IGNORECASE)


def is_writable(text: str) -> bool:
    """Whether XML allows every character of a text; it also excludes the noncharacters U+FFFE and U+FFFF."""
    # Printable text can be written, and `isprintable` is far cheaper than a search.
    return text.isprintable() or not _UNWRITABLE.search(text)


def writable(text: str) -> str:
    """A text with U+FFFD in place of characters that XML does not allow."""
    return text if text.isprintable() else _UNWRITABLE.sub("\ufffd", text)


def is_name(name: object) -> bool:
    """Whether this is a valid attribute name."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def check(line: int, text: str) -> None:
    """Refuse invalid text of a line; `line` is its number, from 1."""
    if not text.isprintable() and (match := _CONTROL.search(text)):
        raise ControlCharacterInXml(line=line, codepoint=ord(match[0]))
    if len(text) * 4 > MAX_TEXT_BYTES and (size := len(text.encode())) > MAX_TEXT_BYTES:
        raise ParagraphLineTooLong(line=line, size=size, limit=MAX_TEXT_BYTES)
