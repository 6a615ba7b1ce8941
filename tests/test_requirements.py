"""In CI a test that is left out fails, unless for want of something that cannot be had everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LEFT_OUT = """
import pytest
from tests.requirements import leave_out

def test_passes(): pass
def test_skips(): pytest.skip("no browser")
@pytest.mark.skipif(True, reason="no server")
def test_skipped(): raise AssertionError
def test_has_no_disk(): leave_out("a disk")
@pytest.mark.xfail(strict=True)
def test_expected(): raise AssertionError
@pytest.fixture
def node(): pytest.skip("no node")
def test_wants_node(node): raise AssertionError
"""


@pytest.mark.parametrize(
    ("ci", "outcomes"),
    [("", "1 passed, 4 skipped, 1 xfailed"), ("1", "1 failed, 1 passed, 1 skipped, 1 xfailed, 2 errors")],
    ids=["elsewhere", "in CI"],
)
def test_what_is_left_out_fails_in_ci(tmp_path: Path, ci: str, outcomes: str) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    (tmp_path / "test_left_out.py").write_text(LEFT_OUT)

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path, "-rfEs"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert outcomes in ran.stdout, ran.stdout + ran.stderr
    assert "cannot be had everywhere: a disk" in ran.stdout
    if ci:
        assert "no node: in CI nothing is left out for that." in ran.stdout
