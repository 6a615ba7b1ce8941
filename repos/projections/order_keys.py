"""Order keys: integers with gaps between them, which order the lines of a projection.

They are not part of a script, exist only in `script_lines`, and may be reassigned at any time.
"""

from __future__ import annotations

# Distance of keys when a whole script is written, and after the last line. 2^39 lines fit into 63 bits.
GAP = 1 << 24
# Distance from a line to the next one inserted after it, where there is room: a gap takes 4,096 lines typed downward,
# and inserts that are always after the same line can still halve the last step 12 times.
KEY_STEP = 1 << 12
# The smallest distance for which reassigning a range of keys is worthwhile.
MIN_KEY_GAP = 1 << 8


def keys_from_scratch(count: int) -> list[int]:
    """Keys for a whole script."""
    return [GAP * number for number in range(1, count + 1)]


def keys_between(low: int | None, high: int | None, count: int) -> list[int] | None:
    """Keys for `count` lines between two keys, where None is an end of the script; None if they do not fit."""
    if high is None:
        start = 0 if low is None else low
        return [start + GAP * number for number in range(1, count + 1)]
    if low is None:
        return [high - GAP * number for number in range(count, 0, -1)]
    step = min(KEY_STEP, (high - low) // (count + 1))
    return [low + step * number for number in range(1, count + 1)] if step else None


def keys_spread(low: int | None, high: int | None, count: int) -> list[int] | None:
    """Keys spread evenly between two keys; None if they would soon have to be reassigned."""
    if low is None or high is None:
        return keys_between(low, high, count)
    step = (high - low) // (count + 1)
    return [low + step * number for number in range(1, count + 1)] if step >= MIN_KEY_GAP else None
