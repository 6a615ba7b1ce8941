"""Places in a file, for a refusal that names all of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from domain.formats.format import MAX_LINES

LINE_END = re.compile(r"\r\n|\n|\r")
# How many lines a refusal names; the rest are counted.
MAX_PLACES = 20


def places(lines: Iterable[int]) -> str:
    """Line numbers in words: `line 3`, `lines 3, 4 and 9`, `lines 1, 2, … and 40 more`, at most 50,000."""
    rest = iter(lines)
    named = list(islice(rest, MAX_PLACES))
    more = sum(1 for _ in islice(rest, MAX_LINES))
    words = [str(number) for number in named] + ([f"{more} more"] if more else [])
    if len(words) == 1:
        return f"line {words[0]}"
    return f"lines {', '.join(words[:-1])} and {words[-1]}"


def line_number(before: str) -> int:
    """The number, from 1, of the line that comes after a text."""
    return 1 + sum(1 for _ in LINE_END.finditer(before))


def numbered(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Each match of a pattern that ends before the end of its line, with the number of the line."""
    number, end = 1, 0
    for match in pattern.finditer(text):
        number += sum(1 for _ in LINE_END.finditer(text, end, match.start()))
        end = match.end()
        yield number, match[0]
