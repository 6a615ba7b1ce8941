"""How long a submission waits when its worker is killed, with the settings of production."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from repos.fault_points import BOUNDARIES
from tests.faults.cluster import Cluster, wait_until
from tests.faults.fault_injector import Action, Fault
from tests.processes.writers import beginning, insist
from tests.services.redis_server import RedisServer
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.full]  # `make delays`: what it measures wants a quiet machine

PROMISE_SECONDS = 15.0
KILLS = 40
NODE_KILL_EVERY = 5
PAUSE_SECONDS = 1.0
"""From one kill to the next: a worker that is killed all the time never recovers."""
WRITING_SECONDS = 0.02
AT_WORK = BOUNDARIES[BOUNDARIES.index("before bell received") : BOUNDARIES.index("after commit sent")]


@pytest.fixture
def cluster(mariadb_url: str, tmp_path: Path) -> Iterator[Cluster]:
    with RedisServer() as broker:
        settings = Settings(home=tmp_path, database_url=mariadb_url, broker_url=broker.url)
        # A second bell would find another worker, and hide that the first was lost.
        with Cluster(settings, tmp_path, bells="one") as cluster:
            cluster.start_nodes(2, concurrency=2, as_in_production=True)
            yield cluster


def test_from_sigkill_to_commit_it_takes_fifteen_seconds_at_most_at_p95(cluster: Cluster):
    # A keyframe is rare, so no fault waits for one.
    boundaries = [boundary for boundary in AT_WORK if "keyframe" not in boundary]
    scripts: list[int] = []
    for number in range(KILLS):
        action: Action = "kill child" if number % NODE_KILL_EVERY else "kill node"
        cluster.plan.arm(Fault(number, boundaries[number % len(boundaries)], action, who="node"))
        scripts += write(cluster, lambda: not cluster.plan.armed())
        pause = time.monotonic() + PAUSE_SECONDS
        scripts += write(cluster, lambda pause=pause: time.monotonic() >= pause)
    wait_until(lambda: not waiting(cluster))

    with cluster.unit_of_work.reading() as tx:
        answers = {script_id: tx.submissions.get(script_id, "beginning") for script_id in scripts}
    committed = {script_id: found.recorded_at / 1e6 for script_id, found in answers.items() if found}
    assert committed.keys() == set(scripts)
    # Some scripts are hit more than once: what counts is the time after the last kill.
    kills = sorted(cluster.plan.done(), key=lambda kill: kill["at"])
    last_kill = {
        script_id: kill["at"] for kill in kills for script_id in kill["scripts"] if kill["at"] < committed[script_id]
    }
    took = sorted(committed[script_id] - at for script_id, at in last_kill.items())
    median, longest = took[len(took) // 2], took[-1]
    print(
        f"{len(took)} scripts hit by {KILLS} kills: p50 {median:.1f} s, p95 {p95(took):.1f} s, at most {longest:.1f} s"
    )
    assert len(took) >= 30
    assert p95(took) <= PROMISE_SECONDS


def write(cluster: Cluster, enough: Callable[[], bool], timeout: float = 60) -> list[int]:
    """Begin scripts, some fifty a second, until it is enough; which."""
    scripts = []
    deadline = time.monotonic() + timeout
    while not enough():
        assert time.monotonic() < deadline, f"nothing comes by for {cluster.plan.armed()}"
        with cluster.unit_of_work.records() as tx:
            scripts.append(tx.scripts.new_id())
        insist(partial(cluster.producer.enqueue, beginning(scripts[-1], 2)))
        time.sleep(WRITING_SECONDS)
    return scripts


def waiting(cluster: Cluster) -> bool:
    with cluster.unit_of_work.reading() as tx:
        return bool(tx.inbox.waiting(before=time.time_ns() // 1_000, after=1 << 62, limit=1))


def p95(values: list[float]) -> float:
    """Of values in order."""
    return values[min(len(values) - 1, int(len(values) * 0.95))]
