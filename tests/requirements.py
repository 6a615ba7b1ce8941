"""What a test needs and cannot have here: the test is left out, and in CI, where nothing should be left out, it fails.

A few things cannot be installed everywhere: a test that needs one is skipped with a reason, in CI too.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

NOT_EVERYWHERE = "cannot be had everywhere: "


def in_ci() -> bool:
    """Whether every test should run."""
    return bool(os.environ.get("CI"))


def leave_out(why: str) -> NoReturn:
    """Leave this test out for want of something that not every machine has, however it is set up."""
    pytest.skip(NOT_EVERYWHERE + why)


def failed_instead(report: pytest.TestReport) -> pytest.TestReport:
    """The report of a test; in CI, of one that was left out and need not have been, as a failure."""
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return report
    why = report.longrepr[2].removeprefix("Skipped: ")
    if not why.startswith(NOT_EVERYWHERE):
        report.outcome = "failed"
        report.longrepr = f"{why}: in CI nothing is left out for that."
    return report
