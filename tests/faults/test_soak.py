"""Load and faults mixed at random for a while, from a seed that is printed; `make soak` goes on for longer."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.operations import OPERATIONS
from tests.faults.soak import MINUTES, Soak, summary
from tests.faults.soak_plan import WEIGHTS, plan_of

SECONDS = 40
MIN_FAULTS = 200
EARLY = 4  # lines of a run before it is interrupted
ENDS_WITHIN = 120  # seconds, with the last answers and the verdict


def test_what_happens_is_a_function_of_the_seed():
    assert plan_of(7, 600) == plan_of(7, 600)
    assert plan_of(7, 600) != plan_of(8, 600)


def test_a_longer_run_begins_like_a_shorter_one():
    assert plan_of(7, 600)[:3] == plan_of(7, 60)


def test_a_run_of_the_default_length_has_ten_thousand_faults_of_every_kind():
    seconds = [second for watch in plan_of(1, round(MINUTES * 60)) for second in watch.seconds]
    faults = [fault for second in seconds for fault in second.faults]

    assert len({fault.number for fault in faults}) == len(faults) > 10_000
    assert {fault.action for fault in faults} == set(WEIGHTS)
    assert {second.operation for second in seconds} == {None, *OPERATIONS}


@pytest.mark.services
@pytest.mark.full  # `make soak` is the same, for as long as one wants
def test_everything_at_once(tmp_path: Path):
    soak = Soak(tmp_path, random.SystemRandom().randrange(1 << 31), SECONDS)

    rows = soak.run()

    print(*summary(soak, rows), sep="\n")
    assert [violation for row in rows for violation in row.violations] == []
    assert soak.happened().total() >= MIN_FAULTS


@pytest.mark.services
@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_a_verdict_on_what_was_run(tmp_path: Path):
    environ = {**os.environ, "MINUTES": "5", "SEED": "11", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.faults.soak"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True, process_group=0) as run:
        assert run.stdout
        begun = [run.stdout.readline() for _ in range(EARLY)]
        os.killpg(run.pid, signal.SIGINT)
        output, _ = run.communicate(timeout=ENDS_WITHIN)

    assert begun[0].startswith("seed 11: ")
    assert output.splitlines()[-2:-1] == ["stopped after 1 of 15 watches"]
    assert output.splitlines()[-1].startswith("nothing lost, nothing twice: ")
    assert run.returncode == 0
    assert list(tmp_path.iterdir()) == []
