"""`make bench`: every pair, in turn, on one stage; a table, build/bench.json and plots.

    python -m tests.benchmarks.run [--quick] [--scale 0.2] [--growth] [--only B1,B3] [--out DIRECTORY]

Exits with 1 if a benchmark did not run; a missed goal is reported, and is no error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from tests.benchmarks.frame import Result, measure
from tests.benchmarks.growth import curves
from tests.benchmarks.plot import draw_curves, draw_ratios
from tests.benchmarks.report import table, write_json
from tests.benchmarks.stage import Stage


def benchmarks(only: Sequence[str] = ()) -> list[ModuleType]:
    """The benchmarks, one a file: whatever is named b….py here has a `KEY` and the `pairs` it measures."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("b[0-9]*.py"))
    found = [import_module(f"tests.benchmarks.{name}") for name in names]
    if unknown := set(only) - {module.KEY for module in found}:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(m.KEY for m in found)}")
    return [module for module in found if not only or module.KEY in only]


def run_one(module: ModuleType, stage: Stage) -> Iterator[Result]:
    """Every pair of one benchmark."""
    for pair in module.pairs(stage):
        began = time.monotonic()
        for result in measure(pair, quick=stage.quick):
            print(table([result]).splitlines()[1], f" {time.monotonic() - began:.0f} s", flush=True)
            yield result


def main(argv: Sequence[str]) -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="make bench", description="Ours against references, in one run.")
    parser.add_argument("--quick", action="store_true", help="small counts: shows that everything runs")
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the full counts, for a busy machine")
    parser.add_argument("--growth", action="store_true", help="measure how costs grow, too")
    parser.add_argument("--only", default="", help="keys, separated by commas")
    parser.add_argument("--out", type=Path, default=Path("build"), help="where bench.json and the plots go")
    options = parser.parse_args(argv)
    results: list[Result] = []
    failed: list[str] = []
    chosen = benchmarks([key for key in options.only.split(",") if key])
    with (
        tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder,
        Stage(Path(folder), quick=options.quick, scale=options.scale) as stage,
    ):
        durability = stage.durability()
        for module in chosen:
            try:
                results.extend(run_one(module, stage))
            except Exception:
                failed.append(module.KEY)
                traceback.print_exc()
        grown = list(curves(stage)) if options.growth else []
    print("\n" + table(results))
    write_json(options.out / "bench.json", results, grown, durability, quick=options.quick)
    draw_ratios(options.out / "bench.svg", results)
    if grown:
        draw_curves(options.out / "growth.svg", grown)
    if failed:
        print(f"did not run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
