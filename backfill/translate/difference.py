"""The part in which two sequences differ, between their common beginning and their common end."""

from __future__ import annotations

from collections.abc import Sequence


def difference(old: Sequence[object], new: Sequence[object]) -> tuple[int, int, int]:
    """The length of the common beginning, and where the common end starts in both."""
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    old_end, new_end = len(old), len(new)
    while old_end > start and new_end > start and old[old_end - 1] == new[new_end - 1]:
        old_end, new_end = old_end - 1, new_end - 1
    return start, old_end, new_end
