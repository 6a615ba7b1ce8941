"""What of a line's text a reader sees on paper: its letters, where its format is printed."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

from domain.script.line import Line

NOT_PRINTED: Final = frozenset(
    {"note", "boneyard", "synopsis", "section", "page_break", "chapter_break", "title_entry"}
)
"""Formats whose text is not part of the pages of the script."""
_HIDDEN = re.compile(r"\[\[[^\[\]]*\]\]|/\*[^*/]*\*/")
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
"""Hangul fillers, a braille pattern without dots, a note head without ink: letters and signs that show nothing."""


def letters(text: str) -> int:
    """How many letters and digits of a text are seen; of one with none of these 1 where any sign is seen, else 0.

    Notes and boneyards inside it, combining marks alone, and what Unicode calls ignorable do not count.
    """
    if "[[" in text or "/*" in text:
        text = _HIDDEN.sub("", text)
    count = sum(map(str.isalnum, text))
    if count and not text.isascii():
        count -= sum(map(text.count, _BLANK_LETTERS & set(text)))
    return max(count, 0) or int(any(map(_is_sign, text)))


def is_printed(line: Line) -> bool:
    """Whether the format of a line is one that is printed."""
    return line.format not in NOT_PRINTED


def _is_sign(character: str) -> bool:
    return category(character)[0] in "PS" and character not in _BLANK_LETTERS
