"""The window in which two saves differ: what lies between their common beginning and their common end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq
from typing import Any, Literal, NamedTuple

# Parts of contents of this size are compared as numbers, larger ones by halves.
PART_BYTES = 128
# Most saves differ from the one before within so many bytes.
NEAR_BYTES = 1_024


class Window(NamedTuple):
    """The lines that differ: old[start:old_end] became new[start:new_end]; the lines around them are equal."""

    start: int
    old_end: int
    new_end: int


def difference(
    old: Sequence[Any], new: Sequence[Any], known: Window | None = None, equal: Callable[[Any, Any], bool] = eq
) -> Window:
    """The window of two sequences: behind the longest common beginning, the longest common end.

    `known` is a window outside of which they are equal. It saves comparisons, and changes nothing in the result.
    """
    shorter = min(len(old), len(new))
    start, equal_end = (0, 0) if known is None else (known.start, len(old) - known.old_end)
    while start < shorter and equal(old[start], new[start]):
        start += 1
    equal_end = min(equal_end, shorter - start)
    old_end, new_end = len(old) - equal_end, len(new) - equal_end
    while old_end > start and new_end > start and equal(old[old_end - 1], new[new_end - 1]):
        old_end, new_end = old_end - 1, new_end - 1
    return Window(start, old_end, new_end)


def equal_start(before: bytes, after: bytes) -> int:
    """The length of the common beginning."""
    view = memoryview(after)  # whose parts are no copies
    low, high = 0, min(len(before), len(after))
    while high - low > PART_BYTES:
        middle = (low + high) // 2
        if before.startswith(view[low:middle], low):
            low = middle
        else:
            high = middle
    return low + _equal_bytes(before[low:high], after[low:high], "little")


def equal_end(before: bytes, after: bytes, start: int) -> int:
    """The length of the common end of what follows a common beginning of the length `start`."""
    old, new = len(before), len(after)
    view = memoryview(after)
    low, high = 0, min(old, new) - start
    if high > NEAR_BYTES and before.startswith(view[new - high + NEAR_BYTES :], old - high + NEAR_BYTES):
        low = high - NEAR_BYTES
    while high - low > PART_BYTES:
        middle = (low + high) // 2
        if before.startswith(view[new - middle : new - low], old - middle):
            low = middle
        else:
            high = middle
    return low + _equal_bytes(before[old - high : old - low], after[new - high : new - low], "big")


def _equal_bytes(one: bytes, other: bytes, order: Literal["little", "big"]) -> int:
    """How many bytes of two parts of one length are equal from the beginning (little), or from the end."""
    differ = int.from_bytes(one, order) ^ int.from_bytes(other, order)
    return ((differ & -differ).bit_length() - 1) // 8 if differ else len(one)
