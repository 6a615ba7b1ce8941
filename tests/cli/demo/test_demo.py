"""The demo completes in time and leaves no process or file."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.cli.running import CommandLine, offspring, wait_until
from tests.services.processes import survivors

pytestmark = pytest.mark.slow


def test_the_demo_completes_and_leaves_nothing(alone: CommandLine, tmp_path: Path):
    before = psutil.Process().children(recursive=True)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    began = time.monotonic()

    ran = alone("demo", TMPDIR=str(scratch), SCRIPTLEDGER_DATABASE_URL="mysql://unknown@127.0.0.1:1/nowhere")

    assert ran.status == 0, ran
    assert time.monotonic() - began < 60
    assert not survivors([process for process in psutil.Process().children(recursive=True) if process not in before])
    assert list(scratch.iterdir()) == []
    assert not alone.home.exists()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing(alone: CommandLine, tmp_path: Path, end: signal.Signals):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = alone.start("demo", TMPDIR=str(scratch))
    wait_until(lambda: len(offspring(process)) >= 6)  # broker and two workers, each with its guardian
    services = offspring(process)

    process.send_signal(end)
    process.communicate(timeout=30)

    assert process.returncode == 130
    assert not survivors(services)
    assert list(scratch.iterdir()) == []


def test_the_demo_shows_every_step(alone: CommandLine):
    out = alone("demo").out

    assert "Applied to script 1 as versions 2 to 5." in out
    assert "The same answer and no second effect: still version 5." in out
    assert "Refused: Line" in out
    assert "Rosa (user) in version 6" in out
    assert re.search(r"\[- ?Nobody’d ever have known\. ?-\]", out)
    assert "Proposal 1 by scripted-no-ai for script 1, made for version 6: proposed." in out
    assert "Part 1: Applied to script 1 as version 8." in out
    assert "Part 3 is refused and will not be offered again." in out
    assert "Part 2: Refused: Line" in out
    assert "partly accepted." in out
    assert len(set(re.findall(r"\b[0-9a-f]{32}\b", out))) == 1
    assert "\x1b" not in out
