"""`make pythons`: the quick tests under every interpreter there is, each in an environment of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.interpreters.find_interpreters import Interpreter, find_interpreters

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ".pythons"
PARALLEL = ("-n", "2", "--dist", "loadfile")
QUICK = ("-q", *PARALLEL, "-m", "not services and not slow and not full")


class Outcome(NamedTuple):
    """What an interpreter gave."""

    interpreter: Interpreter
    passed: bool
    verdict: str


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make pythons", description=__doc__)
    parser.add_argument(
        "--ends", action="store_true", help="only the lowest and the highest version, and not that of this environment"
    )
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("named", nargs="*", help="interpreters to use besides those on PATH and of pyenv")
    chosen = parser.parse_args(arguments)
    try:
        found = find_interpreters(os.environ, chosen.named)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    if not found:
        print("There is no Python from 3.11 on here: name one in PYTHONS=.", file=sys.stderr)
        return 2
    print("Found " + ", ".join(f"{'.'.join(map(str, each.version))} ({each.program})" for each in found))
    if chosen.list:
        return 0
    picked = [found[0], *found[1:][-1:]] if chosen.ends else found
    # `make check` runs these tests, and more, in the environment that this runs in.
    covered = f"{sys.version_info[0]}.{sys.version_info[1]}" if chosen.ends else ""
    outcomes = [run_quick_tests(each) for each in picked if each.name != covered]
    print()
    if covered in {each.name for each in picked}:
        print(f"Python {covered:5} left out: the tests of .venv cover it")
    for outcome in outcomes:
        print(f"Python {outcome.interpreter.name:5} {'passed' if outcome.passed else 'FAILED'}: {outcome.verdict}")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def run_quick_tests(interpreter: Interpreter) -> Outcome:
    """Set up the interpreter's environment where it is missing or old, then run the quick tests in it."""
    environment = Path(ENVIRONMENTS, interpreter.name)
    print(f"\n== Python {interpreter.name}", flush=True)
    began = time.monotonic()
    environ = {**os.environ, "PYTHON": interpreter.program, "ENVIRONMENT": str(environment)}
    set_up = subprocess.run(["sh", ".ci/set-up"], cwd=ROOT, env=environ, check=False)
    if set_up.returncode:
        return Outcome(interpreter, passed=False, verdict="its environment could not be made, see above")
    python = str(environment / "bin" / "python")
    # The cache names the tests that failed, which run again alone.
    cache = ("-o", f"cache_dir={environment / '.pytest_cache'}")
    tests = subprocess.run(["sh", "tests/once_more.sh", python, "-m", "pytest", *QUICK, *cache], cwd=ROOT, check=False)
    seconds = time.monotonic() - began
    verdict = (
        f"{seconds:.0f} s" if tests.returncode == 0 else f"pytest ended with {tests.returncode} after {seconds:.0f} s"
    )
    return Outcome(interpreter, tests.returncode == 0, verdict)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
