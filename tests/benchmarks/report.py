"""The report: one table for people, one JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.benchmarks.frame import Result
from tests.benchmarks.plot import Curve

COLUMNS = ("", "what", "unit", "ours", "reference", "ratio", "spread", "goal", "")


def table(results: Iterable[Result]) -> str:
    """The results in columns."""
    rows = [COLUMNS, *[_cells(result) for result in results]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    right = {3, 4, 5, 6, 7}
    lines = []
    for row in rows:
        cells = [
            f"{cell:>{width}}" if column in right else f"{cell:{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def write_json(
    path: Path, results: Sequence[Result], grown: Sequence[Curve], durability: Mapping[str, int], *, quick: bool
) -> None:
    """Everything measured, with the settings and the machine it was measured on."""
    data = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "durability": dict(durability),
        "results": [{**result._asdict(), "goal": str(result.goal), "met": result.met} for result in results],
        "growth": [curve._asdict() for curve in grown],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n")


def _cells(result: Result) -> tuple[str, ...]:
    low, high = result.spread
    return (
        result.key,
        result.what,
        result.goal.unit,
        _number(result.ours),
        "–" if result.reference is None else _number(result.reference),
        "–" if result.ratio is None else f"{result.ratio:.2f}" if result.ratio >= 0.1 else f"{result.ratio:.2g}",
        f"{_number(low)}–{_number(high)}",
        str(result.goal),
        "met" if result.met else "MISSED",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
