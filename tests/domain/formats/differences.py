"""Lists of lines that another reader of Fountain takes for something else than ours, each with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

AFTERWRITING = "suites/ifrost+afterwriting-labs"
REFERENCE = "suites/nyousefi+Fountain"
SCREENPLAIN = "suites/vilcans+screenplain"
TOOLS = "suites/wildwinter+screenplay-tools"
NONSENSE = "histories/nrb+complete_nonsense"


class Difference(NamedTuple):
    """Lines of a file (numbers from 1) which we read differently, and why."""

    file: str
    lines: tuple[int, ...]
    reason: str


def require_listed(screenplays: Path, found: Iterable[tuple[Path, int]], differences: Iterable[Difference]) -> None:
    """The differing lines are those listed; a listed line that no longer differs fails too."""
    differing = {(str(file.relative_to(screenplays)), number) for file, number in found}
    listed = {(difference.file, number) for difference in differences for number in difference.lines}
    assert differing - listed == set(), "read differently, and not listed"
    assert listed - differing == set(), "listed, but no longer read differently"
