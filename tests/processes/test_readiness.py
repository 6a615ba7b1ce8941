"""Readiness of real processes during real outages: not ready within 15 s, ready again 15 s after the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pytest_celery import CeleryTestBroker

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from tests.processes.environment import wait_until
from tests.processes.nodes import LocalWorker, broker_node, start_together
from tests.services.mariadb import MariaDB
from tests.services.private import PrivateServer
from tests.services.redis_server import RedisServer
from tests.slowness import adjusted_for_load
from workers.embedded.child_process import Child
from workers.monitoring.health import VARIABLE
from workers.process.command_lines import ENVIRON, beat_command
from workers.process.roles import ROLES
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

LIMIT_SECONDS = 15.0
WORKERS = ("commands", "intake")


@pytest.fixture(scope="module")
def database() -> Iterator[MariaDB]:
    with MariaDB() as server:
        yield server


@pytest.fixture(scope="module")
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def celery_broker(broker: RedisServer) -> CeleryTestBroker:
    return broker_node(broker.url, broker)


@pytest.fixture(scope="module")
def ledger_url(database: MariaDB) -> str:
    return database.create_database()


@pytest.fixture(scope="module")
def folder(settings: Settings, logs: Path) -> Iterator[Path]:
    """The folder of the heartbeats of a drain, an intake and a beat."""
    with open_engine(settings.database_url) as engine:
        upgrade(engine)
    workers = [LocalWorker(ROLES[role], settings, logs, name=role, heartbeat=logs / role) for role in WORKERS]
    beat_environ = {**ENVIRON, **settings.to_env(), VARIABLE: str(logs / "beat")}
    beat = Child(beat_command(), log=logs / "beat.log", environ=beat_environ)
    try:
        start_together(workers)
        yield logs
    finally:
        beat.kill()
        for worker in workers:
            worker.teardown()


def problem_of(folder: Path, name: str) -> str:
    """What the check says on standard error; empty if the process is ready."""
    checked = subprocess.run(
        [sys.executable, "-P", "-m", "workers.monitoring.health", "ready"],
        env={**os.environ, VARIABLE: str(folder / name)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == bool(checked.stderr)
    return checked.stderr


def are_ready(folder: Path, names: tuple[str, ...], *, ready: bool) -> bool:
    return all((problem_of(folder, name) == "") is ready for name in names)


def kill(server: PrivateServer) -> Callable[[], None]:
    server.kill()
    return server.restart


def freeze(server: PrivateServer) -> Callable[[], None]:
    """Stop a server in its tracks: it accepts connections, and answers nothing."""
    [process] = [
        process
        for process in psutil.Process().children(recursive=True)
        if process.name() == server.program and any(str(server.port) in word for word in process.cmdline())
    ]
    process.suspend()
    return process.resume


@pytest.mark.parametrize(
    ("server", "outage", "names"), [("database", freeze, WORKERS), ("broker", kill, (*WORKERS, "beat"))]
)
def test_an_outage_ends_readiness_and_its_end_restores_it(
    folder: Path,
    request: pytest.FixtureRequest,
    server: str,
    outage: Callable[[PrivateServer], Callable[[], None]],
    names: tuple[str, ...],
):
    limit = adjusted_for_load(LIMIT_SECONDS)
    wait_until(lambda: are_ready(folder, (*WORKERS, "beat"), ready=True), limit, pause=0.3)

    end = outage(request.getfixturevalue(server))
    try:
        wait_until(lambda: are_ready(folder, names, ready=False), limit, pause=0.3)
        assert all(server in problem_of(folder, name) for name in names), "it names what is gone, or may be"
    finally:
        end()

    began = time.monotonic()
    wait_until(lambda: are_ready(folder, (*WORKERS, "beat"), ready=True), limit, pause=0.3)
    assert time.monotonic() - began < limit
