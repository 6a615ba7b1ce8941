"""Counting of JSON values before decoding: three bytes of JSON can become two hundred of memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# Values in all objects and arrays of a submission. One that imports 50,000 lines has 300,000.
MAX_VALUES: Final = 1_000_000

# The patterns match in only one way and cannot fail at a quotation mark, so their time is linear.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?', re.DOTALL)
_PART = re.compile(rb'(?:[^"]++|"[^"\\]*+(?:\\.?[^"\\]*+)*+"?){1,20000}+', re.DOTALL)


def count_values(data: bytes, enough: int = MAX_VALUES) -> int:
    """Count the values in the objects and arrays of JSON; may return 0 where there are at most `enough`."""
    if len(data) <= enough or _count(data) <= enough:
        return 0
    # Commas and brackets in strings do not count. In parts: removing millions of strings at once takes much memory.
    return sum(map(_count, _without_strings(data)))


def without_strings(data: bytes) -> bytes:
    """JSON without its strings, whose brackets and commas do not count."""
    return b"".join(_without_strings(data))


def _without_strings(data: bytes) -> Iterator[bytes]:
    return (_STRING.sub(b"", part.group()) for part in _PART.finditer(data))


def _count(data: bytes) -> int:
    return data.count(b",") + data.count(b"{") + data.count(b"[")
