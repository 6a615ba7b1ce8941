"""JSON that nests deeper than is ever read: every interpreter says the same of it.

A JSON decoder calls itself for each level and stops where the interpreter does: at 1,000 levels on Python 3.11, at
many more on later versions, and at fewer in a thread with a small stack. So what could not be read is read again with
all that nests too deep cut out, which none of them refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from domain.script.json_values import without_strings

T = TypeVar("T")

MAX_READ_DEPTH = 100
"""Levels that every interpreter reads; what may stand in a script nests far less."""

# Strings are skipped whole: brackets in them open nothing.
_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|(?P<open>[\[{]++)|(?P<close>[\]}]++)', re.DOTALL)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def decode_at_any_depth(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """What a decoder reads, with what nests too deep for this interpreter left out: no `RecursionError` comes of it.

    For what skips fields it does not know. Raises what `decode` raises.
    """
    try:
        return decoder.decode(data)
    except RecursionError:
        return decoder.decode(cut_deep(data) or b"")


def cut_deep(data: bytes, limit: int = MAX_READ_DEPTH) -> bytes | None:
    """JSON of the same length, with a number in place of each value that is more than `limit` deep; None without any.

    What is cut out is not looked at: it need not be JSON. Linear in the length.
    """
    if not _may_nest(data, limit):
        return None
    parts: list[bytes] = []
    kept = 0
    for start, end in _deep_values(data, limit):
        parts += [data[kept:start], b"0".ljust(end - start)]
        kept = end
    if not parts:
        return None
    return b"".join([*parts, data[kept:]])


def _may_nest(data: bytes, limit: int) -> bool:
    """Whether anything could be deeper: levels are taken off from the inside, a tenth of the time of counting them."""
    brackets = without_strings(data).translate(_SQUARE, _NO_BRACKETS)
    for levels in range(limit + 1):
        fewer = brackets.replace(b"[]", b"")
        if len(fewer) == len(brackets):
            return levels + brackets.count(b"[") > limit
        brackets = fewer
    return True


def _deep_values(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Where each value begins and ends that opens a level below the limit; one that never ends goes to the end."""
    depth = 0
    start = None
    for found in _BRACKETS.finditer(data):
        if found.lastgroup == "open":
            depth += found.end() - found.start()
            if start is None and depth > limit:
                start = found.end() - (depth - limit)
        elif found.lastgroup == "close":
            depth -= found.end() - found.start()
            if start is not None and depth <= limit:
                yield start, found.end() - (limit - depth)
                start = None
    if start is not None:
        yield start, len(data)
