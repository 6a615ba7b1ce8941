"""The window in which two saves differ: what lies between their common beginning and their common end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq
from typing import Any, NamedTuple


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
    """The length of the common beginning, by comparing halves: at the speed of memory."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def equal_end(before: bytes, after: bytes, start: int) -> int:
    """The length of the common end of what follows a common beginning of the length `start`."""
    low, high = 0, min(len(before), len(after)) - start
    while low < high:
        middle = (low + high + 1) // 2
        if before[len(before) - middle : len(before) - low] == after[len(after) - middle : len(after) - low]:
            low = middle
        else:
            high = middle - 1
    return low
