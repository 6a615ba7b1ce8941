"""Source lines of a file: each text with the line ends after it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, islice
from typing import TypeAlias

from domain.formats.format import MAX_LINES
from domain.formats.fountain.refusals import LineTooLong
from domain.formats.places import line_number
from domain.formats.refusals import TooManyLines
from domain.script.validation import MAX_SEPARATOR_ENDS, MAX_TEXT_BYTES

MAX_LINE_BYTES = MAX_TEXT_BYTES

BOM = "\ufeff"
# Characters that are invisible at either end of a line: Unicode white space but line ends, and the byte order mark.
BLANKS = (
    " \t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

# A longer run of line ends continues on a line without text, since separators are limited. Each line end may be two
# characters.
_LINE = re.compile(rf"([^\r\n]*)((?:\r\n|\n|\r){{0,{MAX_SEPARATOR_ENDS // 2}}})")


# A line of a file: its text without line end, and its line end with those of the empty lines after it.
SourceLine: TypeAlias = tuple[str, str]


def checked_lines(text: str) -> list[SourceLine]:
    """The source lines of the text of a file, including a byte order mark.

    Raises:
        TooManyLines, LineTooLong: it is longer than any screenplay.
    """
    _require_few_lines(text)
    lines = split_lines(text)
    for index, (line, _) in enumerate(lines):
        if len(line) * 4 > MAX_LINE_BYTES and (size := len(line.encode())) > MAX_LINE_BYTES:
            raise LineTooLong(line=line_number(join_lines(lines[:index])), size=size, limit=MAX_LINE_BYTES)
    return lines


def split_lines(text: str) -> list[SourceLine]:
    """The source lines of a text. Only the first, and lines after a very long gap, can have no text."""
    lines: list[SourceLine] = _LINE.findall(text)
    # At the end of the text the pattern has an empty match.
    return lines[:-1] if lines[-1:] == [("", "")] else lines


def _require_few_lines(text: str) -> None:
    """Refuse a text of too many source lines, before any of them is made."""
    if text.count("\n") + text.count("\r") < MAX_LINES:
        return
    # At the end of the text the pattern has an empty match.
    if any(match[0] for match in islice(_LINE.finditer(text), MAX_LINES, MAX_LINES + 1)):
        raise TooManyLines(limit=MAX_LINES)


def join_lines(lines: Iterable[SourceLine]) -> str:
    """The text of source lines: the inverse of `split_lines`."""
    return "".join(chain.from_iterable(lines))


def has_blank(sep: str) -> bool:
    """Whether the line ends include an empty line, that is, there is more than one."""
    return len(sep) > 1 and sep != "\r\n"


def first_end(sep: str) -> str:
    """The first line end."""
    return sep[:2] if sep[:2] == "\r\n" else sep[:1]


def is_blank(text: str) -> bool:
    """Whether a line has no visible character."""
    return not text.strip(BLANKS)


def holds(text: str) -> bool:
    """Whether a blank line has the two spaces that keep a speech or a note open."""
    return len(text) > 1


def is_upper(text: str) -> bool:
    """Whether a text has capitals, and no letter that could be one; writers leave the ß as it is."""
    if text.isascii():
        return text.isupper()
    text = text.replace("ß", "")
    return text == text.upper() and any(map(str.isupper, text))
