"""Four nodes are restarted one after another while producers write: they get no errors, and nothing is done twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from celery import Celery

import celeryconfig
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.script.line import Line
from domain.submissions.answer import decode_answer
from domain.submissions.submission import Submission
from tests.faults.cluster import TIMEOUT_SECONDS, Cluster, wait_until
from tests.faults.fork_server import NodeOrder
from tests.faults.producers import REFUSED_EVERY
from tests.faults.table import row_of, table
from tests.processes.journal import ProducerRecord
from tests.processes.writers import beginning, own_line
from tests.services.redis_server import RedisServer
from tests.slowness import adjusted_for_load
from workers.messaging.bell import Bell
from workers.producers.producer import Producer
from workers.settings import Settings
from workers.stopping.deadline import GRACE_SECONDS

pytestmark = [pytest.mark.services, pytest.mark.slow]

NODES = 4
SCRIPTS = 12
CONFIGURED_SECONDS = celeryconfig.worker_soft_shutdown_timeout
TO_END_SECONDS = GRACE_SECONDS + 2.0  # beyond what is configured: to wake up and to end
NODE = NodeOrder("commands", "prefork", 2)


class Stop(NamedTuple):
    """How a node ended."""

    status: int
    seconds: float
    left: list[int]


@pytest.fixture
def cluster(mariadb_url: str, tmp_path: Path) -> Iterator[Cluster]:
    with RedisServer() as broker:
        settings = Settings(home=tmp_path, database_url=mariadb_url, broker_url=broker.url)
        with Cluster(settings, tmp_path) as cluster:
            cluster.start_nodes(NODES, concurrency=NODE.concurrency, as_in_production=True)
            yield cluster


def test_a_rolling_restart_is_not_noticed(cluster: Cluster):
    began = time.monotonic()
    load = cluster.load(SCRIPTS, window=2, pause=0.1, bells="one")
    with Bystander(cluster) as bystander:
        wait_until(lambda: bystander.waits)
        stops = []
        for number in range(NODES):
            stops.append(restart(cluster, f"node-{number}"))
            answered = len(bystander.waits)
            wait_until(lambda answered=answered: len(bystander.waits) > answered)
    records = load.finish()

    row = row_of("nodes restarted", len(stops), records, load.violations(records), seconds=time.monotonic() - began)
    took = [f"{stop.seconds:.1f}" for stop in stops]
    waits = sorted(bystander.waits)
    print(f"{table([row])}\n(stops took {took} s; {len(waits)} answers one by one, the last {waits[-1]:.1f} s)")
    assert row.violations == ()
    outcomes = {(meant_to_be_refused(one), decode_answer(answer).outcome) for one in records for answer in one.answers}
    assert outcomes <= {(False, "applied"), (True, "refused")}
    assert (False, "applied") in outcomes
    assert bystander.errors == []
    assert [stop.status for stop in stops] == [0] * NODES
    assert [stop.left for stop in stops] == [[]] * NODES
    assert max(stop.seconds for stop in stops) < adjusted_for_load(CONFIGURED_SECONDS + TO_END_SECONDS)
    assert "server.unreachable" not in "".join(log.read_text() for log in cluster.folder.glob("producer-*.log"))


def meant_to_be_refused(record: ProducerRecord) -> bool:
    """Whether a producer sent this to have something refused."""
    place = record.submission_id.rpartition("-")[2]
    return place.isdecimal() and int(place) % REFUSED_EVERY == 0


class Bystander:
    """A producer that forgives nothing: it enqueues, waits for the answer, and goes on until it is left."""

    def __init__(self, cluster: Cluster) -> None:
        app = Celery(
            "bystander", broker=cluster.settings.broker_url, config_source="celeryconfig", set_as_current=False
        )
        self._cluster = cluster
        self._producer = Producer(cluster.unit_of_work, Bell(app))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.waits: list[float] = []
        self.errors: list[str] = []

    def __enter__(self) -> Bystander:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(TIMEOUT_SECONDS)

    def _write(self) -> None:
        with self._cluster.unit_of_work.records() as tx:
            script_id = tx.scripts.new_id()
        self._submit(beginning(script_id, 1))
        while not self._stop.is_set() and not self.errors:
            fresh = Line(f"b{len(self.waits)}", "action", "A dog goes by.")
            insert = LinesInsert(after=own_line(0).id, before=None, lines=(fresh,))
            self._submit(
                Submission(
                    script_id=script_id, submission_id=fresh.id, author="user", base_version=1, commands=(insert,)
                )
            )

    def _submit(self, submission: Submission) -> None:
        began = time.monotonic()
        try:
            rung = self._producer.enqueue(submission)
            answer = self._producer.wait(rung.script_id, rung.submission_id, timeout=TIMEOUT_SECONDS)
        except Exception as error:  # any error of a producer
            self.errors.append(repr(error))
            return
        if answer.outcome != "applied":
            self.errors.append(repr(answer))
        self.waits.append(time.monotonic() - began)


def restart(cluster: Cluster, name: str) -> Stop:
    """SIGTERM, and once it has ended the same again."""
    before = len(cluster.ended(name))
    main = psutil.Process(cluster.process(name))
    family = [main, *main.children(recursive=True)]
    began = time.monotonic()
    os.kill(main.pid, signal.SIGTERM)
    wait_until(lambda: len(cluster.ended(name)) > before)
    took = time.monotonic() - began
    left = [process.pid for process in psutil.wait_procs(family, timeout=1)[1]]
    cluster.start(name, NODE)
    return Stop(cluster.ended(name)[-1], took, left)
