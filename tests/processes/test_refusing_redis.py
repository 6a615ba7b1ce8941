"""A Redis that answers and refuses: full, read-only, without its replicas, or without a permission."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from pytest_celery import CeleryTestBroker

from materialization.clock import system_clock
from tests.processes.environment import Site, wait_until
from tests.processes.malformed import message
from tests.processes.nodes import LocalWorker, broker_node, start_together, stop_together
from tests.services.redis_server import RedisServer
from tests.slowness import adjusted_for_load
from workers.messaging.bell import LoneBell
from workers.process.roles import ROLES
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

RING_SECONDS = 0.5
SHORT = 40
Act = Callable[[redis.Redis], object]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def celery_broker(server: RedisServer) -> CeleryTestBroker:
    return broker_node(server.url, server)


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    """One that takes in, one that drains, and one that reconciles and sends its own ticks."""
    return [
        LocalWorker(ROLES["intake"], settings, logs, name="takes-in"),
        LocalWorker(ROLES["commands"], settings, logs, name="drains"),
        LocalWorker(ROLES["reconcile"], settings, logs, name="reconciles", beat=True),
    ]


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as client:
        yield client
        client.execute_command("REPLICAOF", "NO", "ONE")
        client.config_set("maxmemory", 0)


def submission(script_id: int, name: str, size: int = 0) -> str:
    commands = [{"kind": "script.set_metadata", "fields": {"title": name + "x" * size}}]
    submission = {
        "script_id": script_id,
        "submission_id": name,
        "author": "user",
        "base_version": 1,
        "commands": commands,
    }
    return json.dumps(submission)


def fill(client: redis.Redis, script_id: int, prefix: str) -> list[str]:
    """Put submissions into the intake until Redis takes no more; their ids."""
    names: list[str] = []
    while len(names) < 1_000:
        text = submission(script_id, f"{prefix}-{len(names)}", 20_000)
        try:
            client.lpush("intake", json.dumps(message("scriptledger.intake", [text], "intake")))
        except redis.exceptions.OutOfMemoryError:
            break
        names.append(f"{prefix}-{len(names)}")
    assert 10 < len(names) < 1_000
    return names


def kept(site: Site, script_id: int, names: list[str]) -> bool:
    """Whether each of these is answered, waits, or is a dead letter."""
    with site.unit_of_work.reading() as tx:
        dead = {row.submission_id for row in tx.rejected.read(limit=10_000)}
        return all(
            tx.submissions.get(script_id, name) or tx.inbox.holds(script_id, name) or name in dead for name in names
        )


def answered(site: Site, script_id: int, names: list[str]) -> bool:
    with site.unit_of_work.reading() as tx:
        return all(tx.submissions.get(script_id, name) is not None for name in names)


def lines(workers: list[LocalWorker]) -> int:
    return sum(worker.logs().count("\n") for worker in workers)


def test_what_fills_redis_is_taken_in_while_it_is_full(
    site: Site, client: redis.Redis, local_workers: list[LocalWorker]
):  # fmt: skip
    script_id = site.new_script(writers=1).script_id
    mains = [worker.main.pid for worker in local_workers]
    local_workers[0].freeze()
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 2_000_000)
    names = fill(client, script_id, "full")
    local_workers[0].thaw()

    wait_until(lambda: kept(site, script_id, names))
    wait_until(lambda: client.llen("intake") == client.hlen("unacked") == 0)
    client.config_set("maxmemory", 0)
    wait_until(lambda: answered(site, script_id, names))

    assert [worker.main.pid for worker in local_workers] == mains
    assert local_workers[0].logs().count("broker.refuses") <= 1


def test_workers_that_start_while_it_is_full_empty_it(
    site: Site, client: redis.Redis, local_workers: list[LocalWorker]
):  # fmt: skip
    script_id = site.new_script(writers=1).script_id
    stop_together(local_workers, timeout=30)
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 2_000_000)
    names = fill(client, script_id, "before")
    client.config_set("maxmemory", 1_000_000)  # whatever they take out, it stays full
    start_together(local_workers)

    wait_until(lambda: kept(site, script_id, names))
    wait_until(lambda: client.llen("intake") == 0)
    time.sleep(5)
    written = lines(local_workers)
    time.sleep(5)
    assert lines(local_workers) - written < SHORT
    assert {worker.status for worker in local_workers} == {"running"}

    client.config_set("maxmemory", 0)
    wait_until(lambda: answered(site, script_id, names))


REFUSALS: dict[str, tuple[Act, Act]] = {
    "ReadOnlyError": (
        lambda client: client.execute_command("REPLICAOF", "127.0.0.1", "1"),
        lambda client: client.execute_command("REPLICAOF", "NO", "ONE"),
    ),
    "NOREPLICAS": (
        lambda client: client.config_set("min-replicas-to-write", 1),
        lambda client: client.config_set("min-replicas-to-write", 0),
    ),
    "NoPermissionError": (
        lambda client: client.execute_command("ACL", "SETUSER", "default", "-brpop", "-lpush"),
        lambda client: client.execute_command("ACL", "SETUSER", "default", "+@all"),
    ),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_workers_wait_while_redis_refuses(
    site: Site, settings: Settings, client: redis.Redis, local_workers: list[LocalWorker], code: str
):  # fmt: skip
    begin, end = REFUSALS[code]
    script_id = site.new_script(writers=1).script_id
    mains = [worker.main.pid for worker in local_workers]
    before = [len(worker.logs()) for worker in local_workers]
    written = lines(local_workers)
    bell = LoneBell(settings.broker_url)

    begin(client)
    try:
        began = time.monotonic()
        assert not bell.ring(script_id)
        assert time.monotonic() - began < adjusted_for_load(RING_SECONDS)
        wait_until(
            lambda: code in local_workers[0].logs()[before[0] :] and code in local_workers[1].logs()[before[1] :]
        )
        with site.unit_of_work.records() as tx:
            tx.inbox.put(script_id, "waited", submission(script_id, "waited").encode(), system_clock())
        time.sleep(4)
        assert lines(local_workers) - written < SHORT
    finally:
        end(client)

    # Without a bell: the reconciler takes up its work, too.
    wait_until(lambda: answered(site, script_id, ["waited"]))
    assert [worker.main.pid for worker in local_workers] == mains
    for start, worker in zip(before, local_workers, strict=True):
        assert "Traceback" not in worker.logs()[start:]
        assert worker.logs()[start:].count(f"code={code}") <= 2
