"""Deeply nested JSON: handled alike on every interpreter.

A JSON decoder recurses for each level and stops where the interpreter does: at 1,000 levels on Python 3.11, at many
more on later versions, and at fewer in a thread with a small stack. Input that could not be decoded is therefore
decoded again with the deep values cut out, which every interpreter accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from domain.script.json_values import without_strings

T = TypeVar("T")

# Levels that every interpreter reads. Valid input nests far less.
MAX_READ_DEPTH = 100

# Strings are skipped whole: brackets in them do not count.
_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|(?P<open>[\[{]++)|(?P<close>[\]}]++)', re.DOTALL)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def decode_at_any_depth(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decode without `RecursionError`: values too deep for this interpreter are cut out.

    For decoders that skip unknown fields. Raises what `decode` raises.
    """
    try:
        return decoder.decode(data)
    except RecursionError:
        return decoder.decode(cut_deep(data) or b"")


def cut_deep(data: bytes, limit: int = MAX_READ_DEPTH) -> bytes | None:
    """JSON of the same length, with a number in place of each value more than `limit` deep; None if there is none.

    The parts cut out are not validated: they need not be JSON. Linear in the length.
    """
    if not _may_nest(data, limit):
        return None
    parts: list[bytes] = []
    copied = 0
    for start, end in _deep_values(data, limit):
        parts += [data[copied:start], b"0".ljust(end - start)]
        copied = end
    if not parts:
        return None
    return b"".join([*parts, data[copied:]])


def _may_nest(data: bytes, limit: int) -> bool:
    """Whether any value could be deeper: removing levels from the inside takes a tenth of the time of counting them."""
    brackets = without_strings(data).translate(_SQUARE, _NO_BRACKETS)
    for levels in range(limit + 1):
        fewer = brackets.replace(b"[]", b"")
        if len(fewer) == len(brackets):
            return levels + brackets.count(b"[") > limit
        brackets = fewer
    return True


def _deep_values(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Start and end of each value that opens a level beyond the limit; an unclosed one extends to the end."""
    depth = 0
    start = None
    for match in _BRACKETS.finditer(data):
        if match.lastgroup == "open":
            depth += match.end() - match.start()
            if start is None and depth > limit:
                start = match.end() - (depth - limit)
        elif match.lastgroup == "close":
            depth -= match.end() - match.start()
            if start is not None and depth <= limit:
                yield start, match.end() - (limit - depth)
                start = None
    if start is not None:
        yield start, len(data)
