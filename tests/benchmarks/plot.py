"""Plots as SVG: the ratios next to their goals, and how costs grow. By hand: lines, bars and words need no library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import log10
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.frame import Result

GREEN, RED, GREY, BLUE = "#2f855a", "#c53030", "#718096", "#2b6cb0"
FONT = "font-family='system-ui, sans-serif' font-size='12'"


class Curve(NamedTuple):
    """How a cost grows: named points, and what their values are."""

    title: str
    unit: str
    points: tuple[tuple[str, float], ...]


def draw_ratios(path: Path, results: Sequence[Result]) -> None:
    """A bar for each goal that is a ratio: how far beyond the goal it is, or behind, on a logarithmic scale."""
    shown = [result for result in results if result.goal.of == "ratio" and result.ratio]
    middle, width, height = 560, 900, 40 + 24 * len(shown)
    parts = [_text(middle, 18, "goal", GREY, "middle"), _line(middle, 24, middle, height - 8, GREY)]
    for row, result in enumerate(shown):
        y = 32 + 24 * row
        reached = result.ratio / result.goal.limit if result.ratio else 1.0
        reached = 1 / reached if result.goal.bound == "at most" else reached
        length = max(-120.0, min(240.0, 120 * log10(reached)))
        color = GREEN if result.met else RED
        parts.append(_rect(min(middle, middle + length), y, abs(length), 16, color))
        name = f"{result.key} {result.goal.figure if result.goal.figure in ('p50', 'p99') else ''}".strip()
        parts.append(_text(8, y + 12, f"{name}: {result.what}"[:78], "#1a202c"))
        label = f"{result.ratio:.3g} × (goal {result.goal})"
        parts.append(_text(middle + max(length, 0) + 6, y + 12, label, "#1a202c"))
    _write(path, width, height, parts)


def draw_curves(path: Path, curves: Iterable[Curve]) -> None:
    """One small plot a curve, each from zero."""
    curves = list(curves)
    parts = [part for number, curve in enumerate(curves) for part in _curve(curve, 10, 10 + 170 * number)]
    _write(path, 640, 170 * len(curves) + 10, parts)


def _curve(curve: Curve, left: float, top: float) -> list[str]:
    limit = max(value for _, value in curve.points)
    step = 520 / max(1, len(curve.points) - 1)
    base = top + 130
    parts = [
        _text(left, top + 12, f"{curve.title} ({curve.unit})", "#1a202c"),
        _line(left, base, left + 600, base, GREY),
    ]
    places = [(left + 40 + step * number, base - 90 * value / limit) for number, (_, value) in enumerate(curve.points)]
    path = " ".join(f"{x:.0f},{y:.0f}" for x, y in places)
    parts.append(f"<polyline points='{path}' fill='none' stroke='{BLUE}' stroke-width='2'/>")
    for (x, y), (name, value) in zip(places, curve.points, strict=True):
        parts.append(f"<circle cx='{x:.0f}' cy='{y:.0f}' r='3' fill='{BLUE}'/>")
        parts.append(_text(x, y - 8, f"{value:,.4g}", "#1a202c", "middle"))
        parts.append(_text(x, base + 16, name, GREY, "middle"))
    return parts


def _text(x: float, y: float, text: str, color: str, anchor: str = "start") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' fill='{color}' text-anchor='{anchor}' {FONT}>{escape(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float, color: str) -> str:
    return f"<line x1='{x1:.0f}' y1='{y1:.0f}' x2='{x2:.0f}' y2='{y2:.0f}' stroke='{color}'/>"


def _rect(x: float, y: float, width: float, height: float, color: str) -> str:
    return f"<rect x='{x:.0f}' y='{y:.0f}' width='{max(1, width):.0f}' height='{height:.0f}' fill='{color}'/>"


def _write(path: Path, width: float, height: float, parts: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>"
    white = f"<rect width='{width}' height='{height}' fill='white'/>"
    path.write_text("\n".join([head, white, *parts, "</svg>", ""]))
