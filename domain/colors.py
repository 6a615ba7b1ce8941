"""The colours of revised pages, in the order productions hand them out (the Writers Guild of America's)."""

from __future__ import annotations

_PAPER = ("white", "blue", "pink", "yellow", "green", "goldenrod", "buff", "salmon", "cherry")

COLORS = (*_PAPER, *(f"{time} {color}" for time in ("second", "third", "fourth") for color in _PAPER[1:]))
"""White is the first draft that is handed out; after cherry it begins again with the second blue."""


def next_color(used: set[str]) -> str | None:
    """The colour after the last one used: white where none was; None behind the very last."""
    last = max((COLORS.index(color) for color in used), default=-1)
    return COLORS[last + 1] if last + 1 < len(COLORS) else None
