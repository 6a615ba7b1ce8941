"""How many values JSON holds, found before it is read: three bytes of it can become two hundred of memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_VALUES: Final = 1_000_000
"""In all objects and arrays of a submission. One that imports 50,000 lines has 300,000."""

# No two ways to match anything, and no way to fail at a quotation mark: their time is linear.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?', re.DOTALL)
_PART = re.compile(rb'(?:[^"]++|"[^"\\]*+(?:\\.?[^"\\]*+)*+"?){1,20000}+', re.DOTALL)


def count_values(data: bytes, enough: int = MAX_VALUES) -> int:
    """The values in the objects and arrays of JSON; of what has fewer than `enough` only that."""
    if len(data) <= enough or _count(data) <= enough:
        return 0
    # Texts may hold commas and brackets of their own. In parts: of millions of strings there would be as many pieces.
    return sum(map(_count, _without_strings(data)))


def without_strings(data: bytes) -> bytes:
    """JSON without its strings, whose brackets and commas mean nothing."""
    return b"".join(_without_strings(data))


def _without_strings(data: bytes) -> Iterator[bytes]:
    return (_STRING.sub(b"", part.group()) for part in _PART.finditer(data))


def _count(data: bytes) -> int:
    return data.count(b",") + data.count(b"{") + data.count(b"[")
