"""Printed text: how many letters of a line a reader sees, and which formats are printed."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

from domain.script.line import Line

# Formats whose text is not part of the pages of the script.
NOT_PRINTED: Final = frozenset(
    {"note", "boneyard", "synopsis", "section", "page_break", "chapter_break", "title_entry"}
)
_HIDDEN = re.compile(r"\[\[[^\[\]]*\]\]|/\*[^*/]*\*/")
# Letters and signs that are invisible: Hangul fillers, a braille pattern without dots, a null note head.
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")


def letters(text: str) -> int:
    """Number of visible letters and digits of a text; without any, 1 where a sign is visible, else 0.

    Notes and boneyards inside it, lone combining marks, and characters that Unicode calls ignorable do not count.
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
