"""Eight processes write to one script through two worker nodes, and whatever is done to those: one true history.

Each test leaves the cluster running for the next, on a script of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from pytest_celery import CeleryTestBroker, CeleryTestSetup

from tests.processes.environment import EVERYTHING, Site, assert_one_true_history
from tests.processes.nodes import LocalWorker, broker_node
from tests.services.redis_server import RedisServer

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

UNHURRIED = 0.1  # seconds between two submissions of a writer: two and a half seconds in all, to break something in


@pytest.fixture(scope="module")
def redis_of_our_own() -> Iterator[RedisServer]:
    """One that may be killed. It keeps nothing: every bell in it is then lost."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def celery_broker(redis_of_our_own: RedisServer) -> CeleryTestBroker:
    return broker_node(redis_of_our_own.url, redis_of_our_own)


def test_eight_writers_make_two_hundred_versions(site: Site):
    assert_one_true_history(site.begin())


def test_every_message_delivered_twice_changes_nothing(site: Site):
    assert_one_true_history(site.begin(bells="two"))


def test_every_submission_enqueued_twice_and_again_after_its_answer_changes_nothing(site: Site):
    assert_one_true_history(site.begin(twice=True))


def test_a_flushed_broker_makes_answers_late_and_loses_none(site: Site, local_workers: list[LocalWorker]):
    writing = site.begin(pace=UNHURRIED)
    writing.wait_for(acknowledged=50)
    for worker in local_workers:
        worker.freeze()
    writing.wait_for(acknowledged=EVERYTHING)

    with redis.Redis.from_url(site.settings.broker_url) as client:
        assert client.llen("commands") > 100
        client.flushall()
    for worker in local_workers:
        worker.thaw()

    assert_one_true_history(writing)


def test_a_broker_killed_and_restarted_makes_answers_late_and_loses_none(site: Site, celery_setup: CeleryTestSetup):
    writing = site.begin(pace=UNHURRIED)
    writing.wait_for(acknowledged=50)

    celery_setup.broker.kill()
    writing.wait_for(acknowledged=120)
    celery_setup.broker.restart()

    assert_one_true_history(writing)


def test_pool_processes_killed_at_work_lose_nothing_and_double_nothing(site: Site, local_workers: list[LocalWorker]):
    writing = site.begin(pace=UNHURRIED)
    for kill in range(4):
        writing.wait_for(acknowledged=20 + 35 * kill)
        with site.drain_held_up(writing.order.script_id):
            for worker in local_workers[:2]:
                worker.kill_pool()

    assert_one_true_history(writing)
    assert sum(worker.logs().count("exited with 'signal 9") for worker in local_workers) >= 4
    assert any("'WorkerLostError'" in worker.logs() for worker in local_workers)


def test_worker_nodes_killed_at_work_and_restarted_lose_nothing_and_double_nothing(
    site: Site, celery_setup: CeleryTestSetup
):
    first, second, _ = celery_setup.worker_cluster
    writing = site.begin(pace=2 * UNHURRIED)
    for kill, nodes in enumerate([[first], [second], [first, second]]):
        writing.wait_for(acknowledged=40 + 50 * kill)
        with site.drain_held_up(writing.order.script_id):
            for node in nodes:
                node.kill()
        for node in nodes:
            node.restart()

    assert_one_true_history(writing)
