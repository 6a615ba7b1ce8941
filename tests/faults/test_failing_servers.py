"""Databases and brokers that die, lines that break or stall, a frozen worker, wrong clocks: late answers, one history.

`make faults` lets the same happen more often.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.environment import Site, open_site
from tests.faults.server_faults import SERVER_FAULTS, ServerFault, judged
from tests.faults.table import table

pytestmark = [pytest.mark.services, pytest.mark.slow]

TIMES = 2


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.mark.parametrize("fault", SERVER_FAULTS, ids=lambda fault: fault.name)
def test_whatever_happens_to_servers_nothing_is_lost_and_nothing_done_twice(site: Site, fault: ServerFault):
    row = judged(site, fault, TIMES)

    print(table([row]))
    assert row.cases >= TIMES
    assert row.violations == ()
