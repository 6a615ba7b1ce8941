"""Processes killed, connections dropped and time lost at every boundary: each submission has one effect.

This is the short form; `make faults` runs the same with nine times as many faults, and prints the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from repos.fault_points import BOUNDARIES
from tests.faults.fault_injector import ACTIONS
from tests.faults.run import SHORT, SIZES, kill_matrix

pytestmark = [pytest.mark.services, pytest.mark.slow]


@pytest.mark.timeout(900)
def test_whatever_breaks_at_whatever_boundary_nothing_is_lost_and_nothing_done_twice(tmp_path: Path):
    report = kill_matrix(tmp_path, SHORT, scripts=16, steps=3, lone=2)

    print(report.text())
    assert [violation for row in report.rows for violation in row.violations] == []
    assert set(report.injected) == {(boundary, action) for boundary in BOUNDARIES for action in ACTIONS}
    assert sum(report.injected.values()) == len(SIZES) * len(BOUNDARIES) * len(list(SHORT.actions()))
