"""The plot of the answers of the last hour: a bar for each minute, applied below refused."""

from __future__ import annotations

from typing import NamedTuple

from workers.monitoring.overview import Overview

MINUTES = 60
MINUTE_MICROS = 60_000_000
BAR_WIDTH = 10
HEIGHT = 100
# A minute with any answer is visible.
MIN_HEIGHT = 2


class Bar(NamedTuple):
    """A minute: where its bar stands, how high its two parts are, and what it says."""

    minute_at: int
    x: int
    answered: int
    refused: int
    answered_height: int
    refused_height: int


class Bars(NamedTuple):
    """The bars, and the largest number of answers of a minute."""

    bars: list[Bar]
    most: int
    answered: int
    refused: int


def bars(overview: Overview) -> Bars:
    """The bars of the last hour, those of minutes without answers left out."""
    this_minute = overview.at - overview.at % MINUTE_MICROS
    counted = []
    for minute in overview.activity.minutes:
        place = MINUTES - 1 - (this_minute - minute.minute_at) // MINUTE_MICROS
        refused = minute.outcomes.get("refused", 0)
        answered = sum(minute.outcomes.values()) - refused
        if 0 <= place < MINUTES and answered + refused:
            counted.append((minute.minute_at, place, answered, refused))
    most = max((answered + refused for _, _, answered, refused in counted), default=0)
    return Bars(
        [
            Bar(at, place * BAR_WIDTH, answered, refused, _height(answered, most), _height(refused, most))
            for at, place, answered, refused in counted
        ],
        most,
        sum(answered for _, _, answered, _ in counted),
        sum(refused for _, _, _, refused in counted),
    )


def _height(number: int, most: int) -> int:
    return max(MIN_HEIGHT, round(number * HEIGHT / most)) if number else 0
