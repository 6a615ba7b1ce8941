"""Order keys: whole numbers with gaps between them, by which a projection keeps lines in order.

They say nothing about a script, live only in `script_lines`, and may be spaced anew at any time.
"""

from __future__ import annotations

GAP = 1 << 24
"""Between lines written as a whole, and behind the last one. 2^39 lines in a row fit into 63 bits."""
KEY_STEP = 1 << 12
"""How far behind a line the next one is put where there is room: who types downward fills a gap 4,096 times, and
who always inserts behind the same line can still halve what is left 12 times."""
MIN_KEY_GAP = 1 << 8
"""The distance below which spacing a stretch anew would not pay."""


def keys_from_scratch(count: int) -> list[int]:
    """Keys for a whole script."""
    return [GAP * number for number in range(1, count + 1)]


def keys_between(low: int | None, high: int | None, count: int) -> list[int] | None:
    """Keys for `count` lines between two keys, None being an end of the script; None where they do not fit."""
    if high is None:
        start = 0 if low is None else low
        return [start + GAP * number for number in range(1, count + 1)]
    if low is None:
        return [high - GAP * number for number in range(count, 0, -1)]
    step = min(KEY_STEP, (high - low) // (count + 1))
    return [low + step * number for number in range(1, count + 1)] if step else None


def keys_spread(low: int | None, high: int | None, count: int) -> list[int] | None:
    """Keys as far apart as they go; None where they would soon have to be spaced anew."""
    if low is None or high is None:
        return keys_between(low, high, count)
    step = (high - low) // (count + 1)
    return [low + step * number for number in range(1, count + 1)] if step >= MIN_KEY_GAP else None
