"""Fuzz runner (`make fuzz`): runs every target in turn, each in its own process, until its share of the time is up."""

from __future__ import annotations

import argparse
import logging
import secrets
import subprocess
import sys
from pathlib import Path

import structlog

from tests.fuzz.fuzz_run import MAX_SEED, Report, fuzz
from tests.fuzz.fuzz_target import ACCEPTED
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
# Seconds beyond its time that a target's process may take before it counts as hanging.
GRACE_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=7.0, help="time for all targets together")
    parser.add_argument("--only", default="", help=f"comma-separated targets of {', '.join(TARGETS)}")
    parser.add_argument("--seed", type=int, default=None, help="reproduces the inputs of an earlier run")
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="stores failing inputs")
    parser.add_argument("--here", action="store_true", help="run one target in this process")
    chosen = parser.parse_args(arguments)
    names = [name.strip() for name in chosen.only.split(",") if name.strip()] or list(TARGETS)
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(f"there is no target {unknown[0]!r}; the targets are {', '.join(TARGETS)}")
    seed = secrets.randbelow(MAX_SEED) if chosen.seed is None else chosen.seed & MAX_SEED
    seconds = chosen.minutes * 60 / len(names)
    if chosen.here:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        report = fuzz(TARGETS[names[0]], seconds, seed, chosen.folder)
        print(described(report), flush=True)
        return 0 if report.finding is None else 1
    return max([_fuzz_apart(name, seconds, seed, chosen.folder) for name in names])


def _fuzz_apart(name: str, seconds: float, seed: int, folder: Path) -> int:
    command = [sys.executable, "-m", "tests.fuzz.run", "--here", "--only", name]
    command += ["--minutes", str(seconds / 60), "--seed", str(seed), "--folder", str(folder.absolute())]
    try:
        status = subprocess.run(command, cwd=ROOT, timeout=seconds + GRACE_SECONDS, check=False).returncode
    except subprocess.TimeoutExpired:
        print(f"{name}: HANGS, seed {seed}: the input is {folder / 'in_hand' / name}", flush=True)
        return 1
    if status not in (0, 1):
        print(
            f"{name}: its process ended with {status}, seed {seed}: the input is {folder / 'in_hand' / name}",
            flush=True,
        )
    return 1 if status else 0


def described(report: Report) -> str:
    """A readable report: inputs accepted and refused, the finding, and the seed to reproduce it."""
    accepted = report.outcomes[ACCEPTED]
    refused = {code: count for code, count in report.outcomes.most_common() if code != ACCEPTED}
    line = (
        f"{report.target}: {report.inputs} inputs, seed {report.seed}: {accepted} accepted, "
        f"{sum(refused.values())} refused with {len(refused)} codes, peak {report.peak >> 20} MiB"
    )
    if report.finding is None:
        return line
    command = f"make fuzz ONLY={report.target} SEED={report.seed} MINUTES=1"
    return f"{line}\n{report.finding}\nFOUND by {report.target}; reproduce it with: {command}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
