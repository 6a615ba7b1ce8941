"""With three database nodes that all write nothing is lost, nothing done twice, and no sound script quarantined."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.table import table
from tests.faults.writing_nodes import write_everywhere
from tests.requirements import leave_out
from tests.services.galera import NoGaleraError

pytestmark = [pytest.mark.services, pytest.mark.slow]


@pytest.mark.timeout(240)
def test_three_nodes_that_write_keep_one_history(tmp_path: Path):
    try:
        row = write_everywhere(tmp_path, seconds=8)
    except NoGaleraError as error:
        leave_out(f"a database of several nodes: {error}")

    print(table([row]))
    assert row.cases, "the nodes were in each other's way"
    assert row.violations == ()
