"""A bell never raises and never keeps its producer waiting, whatever became of the broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar

import kombu.pools
import kombu.transport.redis
import psutil
import pytest
import redis
from celery import Celery
from structlog.testing import capture_logs

import celeryconfig
from tests.services.redis_server import RedisServer
from tests.slowness import adjusted_for_load
from workers.app import after_fork
from workers.messaging.bell import Bell
from workers.process import outages
from workers.process.task_names import DRAIN, DRAIN_ONE_BY_ONE

pytestmark = [pytest.mark.services, pytest.mark.slow]

MAX_SECONDS = 1.0  # half of it is promised, the other half is for a busy machine

T = TypeVar("T")


@pytest.fixture
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def bell(broker: RedisServer) -> Iterator[Bell]:
    outages.broker.cache_clear()  # another broker than that of the test before, which may have ended
    with Celery("tests", broker=broker.url, config_source="celeryconfig", set_as_current=False) as app:
        yield Bell(app)
    kombu.pools.reset()


@pytest.fixture
def client(broker: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(broker.url) as client:
        yield client


def in_time(call: Callable[[], T]) -> T:
    """What a call returns, and in time."""
    began = time.monotonic()
    returned = call()
    assert time.monotonic() - began < adjusted_for_load(MAX_SECONDS)
    return returned


def ring(bell: Bell) -> bool:
    return in_time(lambda: bell.ring(7))


def test_a_broker_that_is_gone_is_not_waited_for(bell: Bell, broker: RedisServer):
    assert ring(bell)
    broker.kill()

    # Over a connection that was open, and over one that would have to be opened.
    assert [ring(bell), ring(bell)] == [False, False]
    assert in_time(bell.waiting) is None

    broker.restart()
    assert ring(bell)
    assert bell.waiting() == 1


def test_a_broker_that_hangs_is_not_waited_for(bell: Bell, broker: RedisServer):
    assert ring(bell)
    running = [each for each in psutil.Process().children(recursive=True) if each.status() != psutil.STATUS_ZOMBIE]
    server = next(each for each in running if f":{broker.port}" in " ".join(each.cmdline()))
    server.suspend()

    assert [ring(bell), ring(bell)] == [False, False]
    assert in_time(bell.waiting) is None

    server.resume()
    assert ring(bell)


def test_a_broker_that_is_full_does_not_harm_the_producer(bell: Bell, client: redis.Redis):
    client.config_set("maxmemory", "1")
    assert not ring(bell)

    client.config_set("maxmemory", "0")
    assert ring(bell)


def test_a_broker_that_forgot_everything_still_hears(bell: Bell, client: redis.Redis):
    assert bell.waiting() == 0
    assert ring(bell)
    client.flushall()

    assert ring(bell)
    assert client.llen("commands") == bell.waiting() == 1


def test_delivered_bells_are_taken_as_far_as_they_are_wanted(bell: Bell, client: redis.Redis):
    assert bell.ring_all(range(1, 8))

    assert bell.take(5) == [1, 2, 3, 4, 5]
    assert client.llen("commands") == 2
    assert (bell.take(5), bell.take(5)) == ([6, 7], [])


def test_a_bell_for_another_task_is_left_in_the_queue(bell: Bell, client: redis.Redis):
    ring(bell)
    bell.ring(8, DRAIN_ONE_BY_ONE)
    bell.ring(9)

    assert bell.take(5) == [7]
    assert client.llen("commands") == 2
    assert bell.take(5) == [9]


def test_a_message_for_an_unknown_task_is_left_to_celery(bell: Bell, client: redis.Redis):
    bell.ring(8, "of.another.program")

    assert bell.take(5) == []
    assert client.llen("commands") == 1


@pytest.mark.parametrize(
    ("headers", "body", "content_type"),
    [
        ({"task": DRAIN}, "[[], {}, {}]", "application/json"),
        ({"task": DRAIN}, '[["7"], {}, {}]', "application/json"),
        ({"task": DRAIN}, "{", "application/json"),
        ({"task": DRAIN}, "[[7], {}, {}]", "application/x-python-serialize"),
        ({}, "[[7], {}, {}]", "application/json"),
    ],
)
def test_a_message_that_is_no_bell_is_left_to_celery(
    bell: Bell, client: redis.Redis, headers: dict[str, str], body: str, content_type: str
):
    with bell._connections.producer() as producer:
        producer.publish(
            body,
            routing_key="commands",
            exchange="",
            headers=headers,
            content_type=content_type,
            content_encoding="utf-8",
        )
    before = json.loads(client.lrange("commands", 0, -1)[0])

    assert bell.take(5) == []

    after = json.loads(client.lrange("commands", 0, -1)[0])
    assert [after[key] for key in ("body", "content-type", "headers")] == [
        before[key] for key in ("body", "content-type", "headers")
    ]


def test_what_is_no_message_at_all_does_not_end_a_drain(bell: Bell, client: redis.Redis):
    bell.ring(7)
    client.lpush("commands", "no message")
    bell.ring(8)

    assert bell.take(5) == [7]
    assert bell.take(5) == [8]


def test_a_broker_that_is_gone_has_no_bells_and_hears_none(bell: Bell, broker: RedisServer):
    assert bell.ring_all([7])
    broker.kill()

    assert in_time(lambda: bell.take(5)) == []
    assert not in_time(lambda: bell.ring_all([7, 8]))

    broker.restart()
    assert bell.ring_all([7, 8])
    assert bell.take(5) == [7, 8]


def test_where_every_connection_to_the_broker_is_taken_the_log_says_so(bell: Bell):
    with ExitStack() as taken:
        for _ in range(celeryconfig.broker_pool_limit):
            taken.enter_context(bell._connections.producer())
        with capture_logs() as logged:
            assert not ring(bell)

    assert [line["problem"] for line in logged] == ["all 64 connections of this process to the broker were taken"]
    assert ring(bell)


def test_a_forked_process_forgets_the_connections_of_its_parent(bell: Bell):
    assert ring(bell)
    assert kombu.pools.connections

    after_fork()

    assert not kombu.pools.connections
    assert not kombu.pools.producers
    assert ring(bell)
    assert bell.waiting() == 2
