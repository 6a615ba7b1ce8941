"""Solo workers stopped while their broker is away end in time, with status 0 and without a traceback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_celery import CeleryTestBroker

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from tests.processes.environment import wait_until
from tests.processes.nodes import LocalWorker, broker_node, start_together, stop_together
from tests.services.redis_server import RedisServer
from workers.process.roles import ROLES
from workers.settings import Settings

# Within this time the scheduler has tried to send a tick, and failed.
TICK_SECONDS = 4.0

pytestmark = [pytest.mark.services, pytest.mark.slow]


@pytest.fixture(scope="module")
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def celery_broker(broker: RedisServer) -> CeleryTestBroker:
    return broker_node(broker.url, broker)


@pytest.fixture(scope="module")
def ledger_url(sqlite_url: str) -> str:
    return sqlite_url


def test_solo_workers_stopped_without_their_broker_end_without_a_traceback(
    broker: RedisServer, settings: Settings, logs: Path
):
    with open_engine(settings.database_url) as engine:
        upgrade(engine)
    # The scheduler within a worker is a process of its own, whose files Celery closes.
    workers = [
        LocalWorker(ROLES["reconcile"], settings, logs, name="ticking", beat=True),
        LocalWorker(ROLES["upkeep"], settings, logs, name="keeping"),
    ]
    try:
        start_together(workers)
        broker.kill()
        wait_until(lambda: all("server.unreachable" in worker.logs() for worker in workers))
        time.sleep(TICK_SECONDS)

        statuses = stop_together(workers, timeout=15)
    finally:
        for worker in workers:
            worker.teardown()

    assert statuses == [0, 0]
    for worker in workers:
        assert "Traceback" not in worker.logs(), worker.logs()
        assert "Logging error" not in worker.logs(), worker.logs()
