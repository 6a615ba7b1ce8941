"""What failed among others is run once more, by itself; what fails then too has failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("once_more.sh")
TESTS = """
from pathlib import Path

HERE = Path(__file__).parent

def test_passes():
    (HERE / "passed").open("a").write("x")

def test_of_durations():
    first = not (HERE / "begun").exists()
    (HERE / "begun").touch()
    assert not first
"""
FAILS = """
def test_fails(): assert False
"""


@pytest.mark.parametrize(
    ("more", "status", "last"), [("", 0, "1 passed"), (FAILS, 1, "1 failed, 1 passed")], ids=["once", "twice"]
)
def test_what_failed_among_others_is_run_once_more(tmp_path: Path, more: str, status: int, last: str) -> None:
    (tmp_path / "test_some.py").write_text(TESTS + more)
    # Without the other plugins, which take seconds to import in every process.
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    pytest_ = [sys.executable, "-m", "pytest", "-p", "xdist", "--rootdir", tmp_path, "-n", "2", tmp_path]

    ran = subprocess.run(
        ["sh", SCRIPT, *pytest_], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
    )

    assert ran.returncode == status, ran.stdout + ran.stderr
    assert last in ran.stdout.splitlines()[-1]
    assert (tmp_path / "passed").read_text() == "x", "what passed is not run again"


def test_what_was_not_run_to_its_end_is_not_run_again(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["sh", SCRIPT, sys.executable, "-m", "pytest", "--rootdir", tmp_path, "--no-such-option"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert ran.returncode == 4
    assert "Once more" not in ran.stdout
