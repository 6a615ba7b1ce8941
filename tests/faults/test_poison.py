"""Whatever ends or outlasts a drain is refused as poison after five attempts, and no other submission waits for it.

The short form, in which a drain has a second; `make faults` runs every kind with the times of production.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import Celery

from tests.faults.poisoning import DATA, MAX_WAIT_SECONDS, Poisoner, poisonable
from tests.processes.conftest import *  # noqa: F403 - its fixtures
from tests.processes.environment import Site
from tests.slowness import adjusted_for_load
from workers.messaging.bell import Bell
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

TOGETHER = (
    ("killed", "out of memory", "bug", "recursion", "left"),
    ("hangs", "hangs in C", "crashed", "exited"),
    tuple(kind for kind in DATA if kind != "large row"),  # which a second is too little for on a busy machine
)


@pytest.mark.timeout(300)
def test_poison_is_refused_and_innocents_are_answered(
    settings: Settings, logs: Path, site: Site, celery_setup_app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POISON_SECONDS", "1")
    with poisonable(settings, logs, site) as (node, _):
        poisoner = Poisoner(site, Bell(celery_setup_app))
        rows = [row for kinds in TOGETHER for row in poisoner.poison(kinds, adjusted_for_load(90))]
        assert node.status == "running"

    print(*rows, sep="\n")
    codes = {row.kind: row.code for row in rows if row.kind not in DATA}
    assert codes == dict.fromkeys(codes, "poison")
    assert "poison" not in {row.code for row in rows if row.kind in DATA}
    assert {row.behind for row in rows} == {"applied"}
    assert max(row.max_wait for row in rows) < adjusted_for_load(MAX_WAIT_SECONDS)
