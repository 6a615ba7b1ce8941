"""A Redis that was emptied, or replaced by an empty one, while submissions were pending: every one is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from pytest_celery import CeleryTestBroker

from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.script.line import Line
from domain.submissions.submission import Submission
from tests.docs.console import run
from tests.docs.test_recovery import section
from tests.processes.environment import Site, wait_until
from tests.processes.nodes import LocalWorker, broker_node
from tests.processes.writers import own_line
from tests.services.redis_server import RedisServer
from tests.slowness import adjusted_for_load
from workers.messaging.bell import Bell
from workers.process.roles import ROLES
from workers.producers.producer import Producer
from workers.scheduling.reconciler import RING_AGAIN_AFTER_SECONDS
from workers.settings import Settings
from workers.transport.redis_transport import RETRY_PAUSES

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

SCRIPTS, EDITS = 5, 6
TICK_SECONDS = 2.0
# Until the reconciler rings again, and until workers reach a broker that was away.
RUNG_AGAIN_SECONDS = RING_AGAIN_AFTER_SECONDS + 2 * TICK_SECONDS + 1.0
CONNECTED_AGAIN_SECONDS = RETRY_PAUSES["interval_max"] + 2.0


@pytest.fixture(scope="module")
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def celery_broker(broker: RedisServer) -> CeleryTestBroker:
    return broker_node(broker.url, broker)


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    return [
        LocalWorker(ROLES["commands"], settings, logs, name="drain"),
        LocalWorker(ROLES["reconcile"], settings, logs, name="reconciler", beat=True),
    ]


class Edits:
    """Submissions to a few scripts, and their answers."""

    def __init__(self, site: Site, app: Celery) -> None:
        self._producer = Producer(site.unit_of_work, Bell(app))
        self._scripts = [site.new_script(writers=1).script_id for _ in range(SCRIPTS)]
        self._sent: list[tuple[int, str]] = []

    def send(self, name: str) -> None:
        for script_id in self._scripts:
            for number in range(EDITS):
                line = Line(f"{name}{number}", "action", "Rain.")
                command = LinesInsert(after=own_line(0).id, before=None, lines=(line,))
                self._producer.enqueue(
                    Submission(
                        script_id=script_id, submission_id=line.id, author="user", base_version=1, commands=(command,)
                    )
                )
                self._sent.append((script_id, line.id))

    def answered(self) -> int:
        outcomes = [self._producer.outcome(*sent) for sent in self._sent]
        return sum(outcome is not None and outcome.outcome == "applied" for outcome in outcomes)

    def wait(self, seconds: float) -> None:
        """Wait until everything is answered."""
        wait_until(lambda: self.answered() == len(self._sent), timeout=adjusted_for_load(seconds), pause=0.1)


@pytest.fixture
def edits(site: Site, celery_setup_app: Celery) -> Edits:
    return Edits(site, celery_setup_app)


def test_nothing_is_lost_with_the_bells(
    edits: Edits, broker: RedisServer, local_workers: list[LocalWorker], tmp_path: Path
):
    drainer = local_workers[0]
    drainer.freeze()
    edits.send("a")
    [command] = section("A lost broker")
    assert run(command, tmp_path, {**os.environ, "SCRIPTLEDGER_BROKER_URL": broker.url}) == (0, ["OK"])
    with redis.Redis.from_url(broker.url) as client:
        assert client.llen("commands") == 0

    drainer.thaw()

    edits.wait(RUNG_AGAIN_SECONDS)


def test_nothing_is_lost_with_the_broker(edits: Edits, broker: RedisServer, local_workers: list[LocalWorker]):
    drainer = local_workers[0]
    drainer.freeze()
    edits.send("b")
    broker.stop()
    edits.send("c")  # as long as the bell of each takes to fail
    broker.start()
    drainer.thaw()

    edits.wait(CONNECTED_AGAIN_SECONDS + RUNG_AGAIN_SECONDS)

    assert "Traceback" not in drainer.logs()
