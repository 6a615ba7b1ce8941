"""A worker that is stopped while it works ends in time, and its work is done: by itself, or by the next one."""

from __future__ import annotations

import time

import pytest

import celeryconfig
from tests.processes.environment import Site, assert_one_true_history
from tests.processes.nodes import LocalWorker, stop_together
from tests.slowness import adjusted_for_load
from workers.stopping.deadline import GRACE_SECONDS

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

MAX_SECONDS = celeryconfig.worker_soft_shutdown_timeout + GRACE_SECONDS + 0.2


def test_what_can_be_finished_is_finished(site: Site, local_workers: list[LocalWorker]):
    drainers = local_workers[:2]
    writing = site.begin(pace=0.2)
    writing.wait_for(acknowledged=60)

    with site.drain_held_up(writing.order.script_id):
        began = time.monotonic()
        for drainer in drainers:
            drainer.kill("SIGTERM")
        time.sleep(0.5)
    statuses = [drainer.wait(adjusted_for_load(MAX_SECONDS)) for drainer in drainers]

    assert statuses == [0, 0]
    assert time.monotonic() - began < adjusted_for_load(MAX_SECONDS)
    after_the_signal = [drainer.logs().partition("worker.stopping")[2] for drainer in drainers]
    assert any("drain.answered" in log for log in after_the_signal)
    for drainer in drainers:
        drainer.start()
    assert_one_true_history(writing)


def test_what_cannot_be_finished_is_done_again(site: Site, local_workers: list[LocalWorker]):
    drainers = local_workers[:2]
    writing = site.begin(pace=0.2)
    writing.wait_for(acknowledged=60)

    with site.drain_held_up(writing.order.script_id):
        began = time.monotonic()
        statuses = stop_together(drainers, adjusted_for_load(MAX_SECONDS))
        took = time.monotonic() - began

    assert took < adjusted_for_load(MAX_SECONDS)
    assert statuses == [0, 0]
    assert "worker.handed_over" in "".join(drainer.logs() for drainer in drainers)
    for drainer in drainers:
        drainer.start()
    assert_one_true_history(writing)
