"""B15: an inventory of code: the lines a second, in a process of its own, with its start."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.stage import Stage
from tests.gates.static_scan.sample_files import samples

KEY = "B15"
LINES = "lines/s"
# Code that reaches no database, as most code does not.
PLAIN = "def total(rows):\n    count = 0\n    for row in rows:\n        count += row.length\n    return count\n\n\n"


def pairs(stage: Stage) -> Iterator[Pair]:
    """Processor time of the whole process, because others run too."""
    folder = stage.folder / "code"
    folder.mkdir(exist_ok=True)
    files = stage.count(400, quick=4)
    lines = _write(folder, files)
    goal = Goal(LINES, "lines/s", "at least", 10_000, of="ours")
    yield Pair(KEY, f"inventory of {lines:,} lines of code", partial(_taken, folder, lines), None, (goal,))


def _write(folder: Path, files: int) -> int:
    code = [sample for sample in samples("offending") if sample.suffix == ".py"]
    lines = 0
    for number in range(files):
        text = PLAIN * 10 + code[number % len(code)].code
        (folder / f"module_{number}.py").write_text(text)
        lines += text.count("\n")
    return lines


def _taken(folder: Path, lines: int) -> Figures:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "cli.main", "gates", "inventory", str(folder), "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {LINES: lines / used}
