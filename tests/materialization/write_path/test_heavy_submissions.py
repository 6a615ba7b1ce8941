"""A process with 512 MiB survives every submission within the limits and its undo, with bounded work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.materialization.write_path.heavy_submissions import CASES, ROOM

MAX_SECONDS = 20
# They take 4 to 14 s of the processor each. The others, in `make check`, end with the same answers.
SLOW = {
    "refused replaces",
    "replaces that reverse",
    "moves to and fro",
    "keystrokes in a very long script",
    "as many objects as a script has",
    "more than a script has",
    "all lines new",
    "all lines deleted",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in CASES]
)
def test_a_process_of_512_mib_answers(name: str, tmp_path: Path):
    run = subprocess.run(
        [sys.executable, "-m", "tests.materialization.write_path.heavy_submissions", name, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-2_000:]
    became, took = (json.loads(line) for line in run.stdout.splitlines())
    assert became["answer"] == CASES[name].answer
    assert became["undo"] == ("applied" if CASES[name].answer == "applied" else "unknown_undo")
    # CPU time, so that the result does not depend on other running tests.
    assert took["seconds"] < MAX_SECONDS
    assert took["grown"] < ROOM
