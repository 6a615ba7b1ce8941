"""A database whose disk is full takes no writes for a while; when there is room again everything is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.small_disk import NoSmallDiskError, fill_disk
from tests.faults.table import table
from tests.requirements import leave_out

pytestmark = [pytest.mark.services, pytest.mark.full]  # InnoDB looks for room again after a minute


@pytest.mark.timeout(300)
def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path):
    try:
        row = fill_disk(tmp_path)
    except NoSmallDiskError as error:
        leave_out(f"a small disk: {error}")

    print(table([row]))
    assert row.violations == ()
