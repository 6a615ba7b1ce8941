"""Whatever lies in a queue: no worker ends or hangs over it, none logs it, and the next good message is carried out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from msgspec.structs import replace

from tests.processes.environment import Site, wait_until
from tests.processes.malformed import GOOD, SECRET, good, kinds, message
from tests.processes.nodes import LocalWorker, start_together, stop_together
from tests.slowness import adjusted_for_load
from workers.process.roles import ROLES
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

ANSWERED_SECONDS = 1.0
of_every_queue = pytest.mark.parametrize("queue", GOOD)


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    """One for each role."""
    # At this level every task has a line.
    settings = replace(settings, log_level="debug")
    return [LocalWorker(role, settings, logs, name=role.name) for role in ROLES.values()]


@pytest.fixture
def client(settings: Settings) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.broker_url) as client:
        yield client


def worker_of(queue: str, workers: list[LocalWorker]) -> LocalWorker:
    return next(worker for worker in workers if worker.role.queue == queue)


def answer_in_time(client: redis.Redis, queue: str, worker: LocalWorker, name: str) -> None:
    """Send a good message, and wait until it is carried out, from its push on."""
    done = f"id={name} "
    client.lpush(queue, good(queue, name))
    began = time.monotonic()
    wait_until(lambda: done in worker.logs())
    assert time.monotonic() - began < adjusted_for_load(ANSWERED_SECONDS)


@contextmanager
def outlived(queue: str, client: redis.Redis, workers: list[LocalWorker]) -> Iterator[LocalWorker]:
    """Its worker goes on over what is done here, answers in time, leaves nothing behind and quotes nothing."""
    worker = worker_of(queue, workers)
    main, before = worker.main.pid, len(worker.logs())
    yield worker
    wait_until(lambda: client.llen(queue) == client.hlen("unacked") == 0)
    answer_in_time(client, queue, worker, f"after-{time.time_ns()}")
    logged = worker.logs()[before:]
    assert worker.main.pid == main
    assert SECRET not in logged
    assert "Traceback" not in logged


@of_every_queue
def test_no_kind_of_message_ends_or_hangs_a_worker(queue: str, client: redis.Redis, local_workers: list[LocalWorker]):
    every = kinds(queue, few=True)
    assert len(every) > 200

    with outlived(queue, client, local_workers) as worker:
        client.lpush(queue, *every.values())

    # Nothing was called that a message named in addition to its own task.
    assert {key for key in client.scan_iter() if not key.startswith((b"_kombu", b"unacked"))} == set()
    assert "message.refused" in worker.logs() or queue == "intake"


def test_all_that_came_to_the_intake_is_kept(site: Site, local_workers: list[LocalWorker], client: redis.Redis):
    """An edit with strange words next to it is taken in; one that came too late or too early is a dead letter."""
    text = f'{{"script_id": 1, "submission_id": "timely", "secret": "{SECRET}"}}'
    for name, when in (("eta", "2099-01-01T00:00:00Z"), ("expires", "2000-01-01T00:00:00Z")):
        it = message("scriptledger.intake", [text.replace("timely", name)], "intake")
        it["headers"][name] = when
        client.lpush("intake", json.dumps(it))
    lost = message("scriptledger.intake", [text.replace("timely", "elsewhere")], "commands")
    client.lpush("commands", json.dumps(lost))

    def kept() -> set[str]:
        with site.unit_of_work.reading() as tx:
            dead = {row.submission_id: row for row in tx.rejected.read(limit=10_000) if row.script_id == 1}
        assert all(dead[name].code == "undecodable" for name in ("eta", "expires") if name in dead)
        return {*dead} & {"eta", "expires", "elsewhere"}

    wait_until(lambda: {"eta", "expires"} <= kept())
    wait_until(lambda: "elsewhere" in kept() or known(site, "elsewhere"))
    assert all(SECRET not in worker.logs() for worker in local_workers)


def known(site: Site, submission_id: str) -> bool:
    with site.unit_of_work.reading() as tx:
        return tx.submissions.get(1, submission_id) is not None or tx.inbox.holds(1, submission_id)


@of_every_queue
def test_a_key_of_another_type_is_moved_out_of_the_way(
    queue: str, client: redis.Redis, local_workers: list[LocalWorker]
):  # fmt: skip
    worker = worker_of(queue, local_workers)
    main = worker.main.pid

    client.set(queue, SECRET)
    wait_until(lambda: not client.exists(queue))
    answer_at_last(client, queue, worker)

    [moved] = client.keys(f"{queue}.moved.*")
    assert client.get(moved) == SECRET.encode()
    client.delete(moved)
    assert worker.main.pid == main
    assert SECRET not in worker.logs()


def answer_at_last(client: redis.Redis, queue: str, worker: LocalWorker) -> None:
    name = f"moved-{time.time_ns()}"
    client.lpush(queue, good(queue, name))
    wait_until(lambda: f"id={name} " in worker.logs(), timeout=20)


def test_what_lies_among_the_unacknowledged_ends_no_worker(
    client: redis.Redis, site: Site, local_workers: list[LocalWorker]
):  # fmt: skip
    garbage = {f"tag-{number}": each for number, each in enumerate(kinds("upkeep", few=True).values())}
    wrapped = {
        f"list-{number}": b'[%s, "", "upkeep"]' % each for number, each in enumerate(kinds("upkeep", few=True).values())
    }
    mains = [worker.main.pid for worker in local_workers]

    with outlived("upkeep", client, local_workers):
        client.hset("unacked", mapping=garbage | wrapped)  # type: ignore[arg-type]
        client.zadd("unacked_index", dict.fromkeys([*garbage, *wrapped, "of nothing"], 1.0))
        wait_until(lambda: client.hlen("unacked") == client.zcard("unacked_index") == 0)
        wait_until(lambda: client.llen("upkeep") == client.llen("intake") == 0)

    assert [worker.main.pid for worker in local_workers] == mains
    with site.unit_of_work.reading() as tx:
        assert any(SECRET.encode() in row.payload for row in tx.rejected.read(limit=10_000))


def test_an_emptied_broker_is_gone_on_with(client: redis.Redis, local_workers: list[LocalWorker]):
    for queue in GOOD:
        with outlived(queue, client, local_workers):
            client.flushall()


def test_the_tables_that_kombu_keeps_may_hold_anything(client: redis.Redis, local_workers: list[LocalWorker]):
    """They stay so until the end: workers start with them, too."""
    for queue in GOOD:
        with outlived(queue, client, local_workers):
            client.set(f"_kombu.binding.{queue}", SECRET)
            client.set(f"_kombu.binding_permanent.{queue}", SECRET)
            for each in kinds(queue, few=True).values():
                client.publish("/0.celery.pidbox", each)
                client.publish("/0.celeryev/worker.heartbeat", each)
    client.set("unacked_mutex", SECRET)
    wait_until(lambda: client.get("unacked_mutex") != SECRET.encode())


def test_nothing_comes_back_at_a_restart(client: redis.Redis, local_workers: list[LocalWorker]):
    before = [len(worker.logs()) for worker in local_workers]

    stop_together(local_workers, timeout=30)
    start_together(local_workers)

    for start, worker in zip(before, local_workers, strict=True):
        answer_at_last(client, worker.role.queue, worker)
        assert "message.refused" not in worker.logs()[start:]
        assert SECRET not in worker.logs()
