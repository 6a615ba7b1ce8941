"""A backfill whose workers, connections, database and broker are killed ends like an uninterrupted one.

This is the short form; `make backfill-faults` is the long one, with 200 faults.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.running import ROOT

pytestmark = [pytest.mark.services, pytest.mark.slow]


@pytest.mark.parametrize("ledger", [[], ["--sqlite", "--in-process"]], ids=["workers on mariadb", "sqlite"])
def test_whatever_is_killed_all_tables_end_equal_and_a_second_run_writes_nothing(ledger: list[str]):
    # A program of its own, because a process with threads should not be forked.
    command = [sys.executable, "-m", "tests.faults.backfill_kills", "--kills", "10", "--seed", "3", *ledger]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)

    *faults, verdict = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert verdict.endswith("every table is equal")
    assert sum(" at " in line for line in faults) >= 10
