"""Numbers that every JSON reader holds exactly."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

EXACT = 1 << 53
"""Whole numbers stay below this: from here on JavaScript rounds them."""

Count = Annotated[int, Meta(ge=0, lt=EXACT)]
"""A position, a length, a version or an id that some table counted."""


def is_exact(value: float) -> bool:
    """Whether a number comes out of JavaScript as it went in; NaN and the infinities do not."""
    return -EXACT < value < EXACT
