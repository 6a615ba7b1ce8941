"""A plot of saves over time as inline SVG: bars of equal periods, without a script or a style of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from domain.visible_markup import Html

WIDTH, HEIGHT, BASE, TOP = 720, 180, 150, 18
MAX_BARS = 60
MAX_DISTANCE = timedelta(days=15 * 366)


class Period(NamedTuple):
    """Some days, and the saves in them."""

    first: date
    last: date
    saves: int


def periods(saves_by_day: Sequence[tuple[str, int]]) -> list[Period]:
    """The saves in at most MAX_BARS periods of equal length.

    Days that are no dates are left out, and those long before or after the others: one wrong clock would leave a plot
    of one bar.
    """
    days = sorted((day, saves) for text, saves in saves_by_day if (day := _day(text)) is not None)
    if days:
        middle = days[_middle(days)][0]
        days = [(day, saves) for day, saves in days if abs(day - middle) <= MAX_DISTANCE]
    if not days:
        return []
    first, span = days[0][0], (days[-1][0] - days[0][0]).days + 1
    length = -(-span // MAX_BARS)
    counts = [0] * -(-span // length)
    for day, saves in days:
        counts[(day - first).days // length] += saves
    starts = [first + timedelta(days=number * length) for number in range(len(counts))]
    return [
        Period(start, start + timedelta(days=length - 1), count) for start, count in zip(starts, counts, strict=True)
    ]


def plot(saves_by_day: Sequence[tuple[str, int]], losses: Sequence[str]) -> Html:
    """The plot; `losses` are days on which a save lost most of its lines, which are marked."""
    bars = periods(saves_by_day)
    if not bars:
        return Html("")
    most = max(bar.saves for bar in bars)
    step = WIDTH / len(bars)
    parts = [_bar(bar, number, step, most) for number, bar in enumerate(bars)]
    for day in sorted({found for text in losses if (found := _day(text)) is not None}):
        if not bars[0].first <= day <= bars[-1].last:
            continue
        place = (day - bars[0].first).days / ((bars[-1].last - bars[0].first).days + 1) * WIDTH
        parts.append(
            Html('<path class="loss" d="M{x} {top} l-5 -9 h10 z"><title>{day}: lines were lost</title></path>').format(
                x=round(place, 1), top=TOP, day=day.isoformat()
            )
        )
    return Html(
        '<svg class="plot" viewBox="0 0 {w} {h}" role="img" aria-label="Saves over time">{bars}'
        '<line class="axis" x1="0" y1="{b}" x2="{w}" y2="{b}"></line>'
        '<text x="0" y="{t}">{first}</text><text x="{w}" y="{t}" text-anchor="end">{last}</text>'
        '<text x="0" y="10">up to {most}</text></svg>\n'
    ).format(
        w=WIDTH,
        h=HEIGHT,
        b=BASE,
        t=HEIGHT - 8,
        bars=Html("").join(parts),
        first=bars[0].first.isoformat(),
        last=bars[-1].last.isoformat(),
        most=f"{most:,}",
    )


def _middle(days: Sequence[tuple[date, int]]) -> int:
    """The place of the day on which half of the saves were made."""
    half, count = sum(saves for _, saves in days) / 2, 0
    for place, (_, saves) in enumerate(days):
        count += saves
        if count >= half:
            return place
    return 0


def _bar(bar: Period, number: int, step: float, most: int) -> Html:
    height = round((BASE - TOP) * bar.saves / most, 1)
    days = bar.first.isoformat() if bar.first == bar.last else f"{bar.first.isoformat()} to {bar.last.isoformat()}"
    return Html('<rect x="{}" y="{}" width="{}" height="{}"><title>{}: {} saves</title></rect>').format(
        round(number * step, 1), round(BASE - height, 1), round(step * 0.85, 1), height, days, f"{bar.saves:,}"
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
