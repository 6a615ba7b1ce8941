"""A rolling restart of every role while people write: each stop is short, and so is each wait for an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from celery import Celery

from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.script.line import Line
from domain.submissions.submission import Submission
from tests.processes.environment import Site
from tests.processes.nodes import LocalWorker
from tests.processes.writers import own_line
from tests.slowness import adjusted_for_load
from workers.messaging.bell import Bell
from workers.process.roles import ROLES
from workers.producers.producer import Producer
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

WRITERS = 10
EDITS_PER_SECOND = 50
MAX_STOP_SECONDS = 3.0
MAX_P99_SECONDS = 1.0
MAX_WAIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    """Two nodes that drain, and one of each other role."""
    return [
        LocalWorker(ROLES["commands"], settings, logs, name="first"),
        LocalWorker(ROLES["commands"], settings, logs, name="second"),
        LocalWorker(ROLES["reconcile"], settings, logs, name="reconciler", beat=True),
        LocalWorker(ROLES["materialization"], settings, logs, name="materialization"),
        LocalWorker(ROLES["intake"], settings, logs, name="intake"),
        LocalWorker(ROLES["upkeep"], settings, logs, name="upkeep"),
        LocalWorker(ROLES["proposals"], settings, logs, name="proposals"),
        LocalWorker(ROLES["backfill"], settings, logs, name="backfill"),
    ]


class Writers:
    """Writers that each edit a script of their own at a steady pace, and note how long each answer takes."""

    def __init__(self, site: Site, app: Celery) -> None:
        self._site = site
        self._producer = Producer(site.unit_of_work, Bell(app))
        self._end = threading.Event()
        self._pool = ThreadPoolExecutor(WRITERS)
        self.waits: list[float] = []

    def __enter__(self) -> Writers:
        scripts = [self._site.new_script(writers=1).script_id for _ in range(WRITERS)]
        self._writing = [self._pool.submit(self._write, script_id) for script_id in scripts]
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._pool.shutdown()

    def finish(self) -> None:
        """Stop writing; raises what went wrong with a writer."""
        self._end.set()
        for writing in self._writing:
            writing.result()

    def _write(self, script_id: int) -> None:
        due = time.monotonic()
        number = 0
        while not self._end.wait(max(0.0, due - time.monotonic())):
            due = max(due + WRITERS / EDITS_PER_SECOND, time.monotonic() - 1)
            number += 1
            self.waits.append(self._answered(script_id, f"e{number}"))

    def _answered(self, script_id: int, name: str) -> float:
        """Send an edit; the seconds until its answer."""
        command = LinesInsert(after=own_line(0).id, before=None, lines=(Line(name, "action", "Rain."),))
        began = time.monotonic()
        self._producer.enqueue(
            Submission(script_id=script_id, submission_id=name, author="user", base_version=1, commands=(command,))
        )
        while time.monotonic() - began < MAX_WAIT_SECONDS:
            if (answer := self._producer.outcome(script_id, name)) is not None:
                assert answer.outcome == "applied"
                return time.monotonic() - began
            time.sleep(0.02)
        raise AssertionError(f"{name} of script {script_id} got no answer")


@pytest.fixture
def writers(site: Site, celery_setup_app: Celery) -> Iterator[Writers]:
    with Writers(site, celery_setup_app) as writers:
        yield writers


def test_a_rolling_restart_keeps_answers_quick(writers: Writers, local_workers: list[LocalWorker]):
    assert {worker.role.name for worker in local_workers} == ROLES.keys()
    stops = {}
    for worker in local_workers:
        began = time.monotonic()
        worker.kill("SIGTERM")
        assert worker.wait(60) == 0
        stops[worker.name] = time.monotonic() - began
        worker.start()
        if worker.role.name == "commands":
            worker.ready()
    writers.finish()

    waits = sorted(writers.waits)
    p99 = waits[len(waits) * 99 // 100]
    took = " ".join(f"{name} {seconds:.1f}" for name, seconds in stops.items())
    print(
        f"stops {took}; {len(waits)} answers, p50 {waits[len(waits) // 2]:.3f}, p99 {p99:.3f}, last {waits[-1]:.3f} s"
    )
    assert max(stops.values()) <= adjusted_for_load(MAX_STOP_SECONDS)
    assert p99 <= adjusted_for_load(MAX_P99_SECONDS)
    for worker in local_workers:
        assert "worker.overdue" not in worker.logs()
        assert "Traceback" not in worker.logs()
