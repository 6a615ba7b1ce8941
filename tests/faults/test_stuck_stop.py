"""A worker that cannot stop is ended in time, and its pool with it."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

import celeryconfig
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from tests.processes.nodes import LocalWorker, start_together
from tests.slowness import adjusted_for_load
from workers.process.roles import ROLES
from workers.settings import Settings
from workers.stopping.deadline import GRACE_SECONDS

pytestmark = [pytest.mark.services, pytest.mark.slow]

CONFIGURED_SECONDS = celeryconfig.worker_soft_shutdown_timeout + GRACE_SECONDS


def test_a_stop_that_hangs_ends_in_time(mariadb_url: str, redis_url: str, tmp_path: Path):
    with open_engine(mariadb_url) as engine:
        upgrade(engine)
    settings = Settings(home=tmp_path, database_url=mariadb_url, broker_url=redis_url)
    worker = LocalWorker(ROLES["commands"], settings, tmp_path, name="stuck", app="tests.processes.stuck_app")
    start_together([worker])
    family = [worker.main, *worker.pool]
    began = time.monotonic()
    worker.kill("SIGTERM")
    status = worker.wait(60)
    took = time.monotonic() - began

    assert psutil.wait_procs(family, timeout=2)[1] == []
    assert status == 0
    assert CONFIGURED_SECONDS - 1 < took < adjusted_for_load(CONFIGURED_SECONDS + 4)
    assert "worker.overdue" in worker.logs()
