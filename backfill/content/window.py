"""The window in which two saves differ: what lies between their common beginning and their common end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq
from typing import Any, NamedTuple

# Contents are compared in parts of this size.
PART_BYTES = 4_096


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
    end = min(len(before), len(after))
    low = 0
    # Parts stay in the processor's cache; halves of the whole would be copied through memory.
    while low < end and before.startswith(after[low : min(low + PART_BYTES, end)], low):
        low += PART_BYTES
    high = min(low + PART_BYTES, end)
    while low < high:
        middle = (low + high + 1) // 2
        if before.startswith(after[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return min(low, end)


def equal_end(before: bytes, after: bytes, start: int) -> int:
    """The length of the common end of what follows a common beginning of the length `start`."""
    end = min(len(before), len(after)) - start
    old, new = len(before), len(after)
    low = 0
    while low < end and before.endswith(after[new - min(low + PART_BYTES, end) : new - low], 0, old - low):
        low += PART_BYTES
    high = min(low + PART_BYTES, end)
    while low < high:
        middle = (low + high + 1) // 2
        if before.endswith(after[new - middle : new - low], 0, old - low):
            low = middle
        else:
            high = middle - 1
    return min(low, end)
