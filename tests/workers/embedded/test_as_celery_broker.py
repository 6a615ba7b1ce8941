"""Embedded broker tests: Celery tasks and results pass between processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery, chord

from workers.embedded.valkey import EmbeddedValkey

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def app() -> Iterator[Celery]:
    with EmbeddedValkey() as broker:
        url = broker.broker_url
        command = ["-m", "celery", "-A", "tests.workers.embedded.tiny", "-b", url, "--result-backend", url]
        worker = subprocess.Popen(
            [sys.executable, *command, "worker", "-P", "solo", "-l", "warning", "--without-gossip"], cwd=ROOT
        )
        with Celery("client", broker=url, backend=url, set_as_current=False) as client:
            yield client
            client.backend.client.close()
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)


def test_a_task_runs_in_the_other_process(app: Celery):
    assert app.signature("pid").delay().get(timeout=30) != os.getpid()


def test_a_chord_collects_the_results_of_its_tasks(app: Celery):
    parts = [app.signature("total", ([n, n],)) for n in range(3)]
    assert chord(parts, app=app)(app.signature("total")).get(timeout=30) == 6


def test_a_worker_can_be_inspected(app: Celery):
    replies = app.control.inspect(timeout=1).ping()
    assert list(replies.values()) == [{"ok": "pong"}]
