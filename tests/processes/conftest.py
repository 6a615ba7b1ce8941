"""Real worker processes on a real database and a real broker, as pytest-celery's nodes.

Three of its cluster fixtures are replaced, and what they stand on: its nodes then wrap local processes instead of
containers. They live as long as a test module, for a worker takes seconds to start; what a test kills it starts again.
Note that pytest-celery has a fixture `celery_worker` of its own, which is not the one in Celery's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import kombu.pools
import pytest
from celery import Celery
from pytest_celery import CeleryBrokerCluster, CeleryTestBroker, CeleryWorkerCluster

from tests.processes.environment import Site
from tests.processes.nodes import LocalWorker, broker_node, start_together
from workers.process.roles import ROLES
from workers.settings import Settings


@pytest.fixture(scope="module")
def celery_broker(redis_url: str) -> CeleryTestBroker:
    """The broker of a test module: the empty Redis of this test process, unless the module brings its own."""
    return broker_node(redis_url)


@pytest.fixture(scope="module")
def ledger_url(mariadb_url: str) -> str:
    """The empty database of a test module."""
    return mariadb_url


@pytest.fixture(scope="module")
def settings(ledger_url: str, celery_broker: CeleryTestBroker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Where the workers of a test module find things."""
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, database_url=ledger_url, broker_url=celery_broker.config()["url"])


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where workers log and writers keep their journals."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def site(settings: Settings, logs: Path) -> Iterator[Site]:
    """The database, migrated, with writers at hand."""
    with Site(settings, logs) as site:
        yield site


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    """Two nodes that drain, each with two processes, and one that reconciles and sends its own ticks."""
    return [
        LocalWorker(ROLES["commands"], settings, logs, name="first"),
        LocalWorker(ROLES["commands"], settings, logs, name="second"),
        LocalWorker(ROLES["reconcile"], settings, logs, name="reconciler", beat=True),
    ]


@pytest.fixture(scope="module")
def celery_broker_cluster(celery_broker: CeleryTestBroker) -> CeleryBrokerCluster:
    return CeleryBrokerCluster(celery_broker)


@pytest.fixture(scope="module")
def celery_backend_cluster() -> None:
    """There is no result backend: answers are rows."""


@pytest.fixture(scope="module")
def celery_worker_cluster(
    site: Site,  # noqa: ARG001 - they need its tables
    local_workers: list[LocalWorker],
) -> Iterator[CeleryWorkerCluster]:
    """The workers, ready."""
    try:
        yield CeleryWorkerCluster(*start_together(local_workers))
    finally:
        for worker in local_workers:
            worker.teardown()


@pytest.fixture
def celery_setup_app(settings: Settings) -> Iterator[Celery]:
    """An app like that of the workers, for what a test sends and asks itself."""
    with Celery(
        "tests", broker=settings.broker_url, config_source="celeryconfig", set_as_current=False
    ) as app:  # fmt: skip
        yield app
    kombu.pools.reset()
