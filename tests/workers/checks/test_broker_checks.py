"""Checks of a broker: facts changed one by one, and permissions at a real Redis, which runs nothing of the check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.services.redis_server import RedisServer
from workers.checks.broker_facts import Broker, read_broker
from workers.checks.finding import Result
from workers.checks.registry import examine
from workers.messaging.broker_check import open_broker
from workers.messaging.broker_writes import write_refusal
from workers.process.roles import ROLES

INFO = {
    "redis_version": "7.4.1",
    "role": "master",
    "maxmemory": 768 << 20,
    "used_memory": 10 << 20,
    "maxmemory_policy": "noeviction",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
}
FINE = Broker(info=INFO, denied=(), encrypted=True, is_local=False)


def results(broker: Broker) -> list[Result]:
    return list(examine("broker", broker))


def test_a_broker_as_it_should_be_is_fine_in_every_check():
    assert {result.finding.level for result in results(FINE)} == {"fine"}


@pytest.mark.parametrize(
    ("check", "level", "words", "info"),
    [
        ("eviction", "fault", "allkeys-lru", {"maxmemory_policy": "allkeys-lru"}),
        ("eviction", "fault", "allkeys-random", {"maxmemory_policy": "allkeys-random"}),
        ("eviction", "warning", "volatile-lru", {"maxmemory_policy": "volatile-lru"}),
        ("persistence", "warning", "no append-only file", {"aof_enabled": 0}),
        ("persistence", "fault", "cannot write", {"aof_last_write_status": "err"}),
        ("memory", "warning", "90%", {"used_memory": 9, "maxmemory": 10}),
        ("memory", "fault", "takes no messages", {"used_memory": 11, "maxmemory": 10}),
        ("replica", "fault", "replica of db:6379", {"role": "slave", "master_host": "db", "master_port": 6379}),
        ("replica", "warning", "deletes", {"role": "slave", "master_host": "db", "slave_read_only": 0}),
        ("version", "fault", "6.0.16", {"redis_version": "6.0.16"}),
    ],
)
def test_what_is_wrong_is_one_finding_with_what_to_change(check: str, level: str, words: str, info: dict[str, Any]):
    found = [result for result in results(FINE._replace(info={**INFO, **info})) if result.finding.level != "fine"]

    assert [result.check for result in found] == [check]
    [(_, _, finding)] = found
    assert (finding.level, words in finding.sentence, bool(finding.change)) == (level, True, True)


def test_a_plain_connection_is_a_warning_unless_it_is_local():
    def level(broker: Broker) -> str:
        return {result.check: result.finding.level for result in results(broker)}["encryption"]

    assert level(FINE._replace(encrypted=False)) == "warning"
    assert level(FINE._replace(encrypted=False, is_local=True)) == "fine"


def test_a_broker_that_says_nothing_about_itself_has_no_fault():
    levels = {result.finding.level for result in results(FINE._replace(info={}))}

    assert levels == {"fine", "warning"}


@pytest.fixture
def admin(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client
        client.execute_command("ACL", "DELUSER", "limited")


def denied(admin: redis.Redis, redis_url: str, rules: str, role: str | None = None) -> set[str]:
    """What an account with these rules may not run, for a worker of a role; without one, for beat."""
    admin.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">pw", *rules.split())
    with open_broker(redis_url.replace("redis://", "redis://limited:pw@")) as connection:
        broker = read_broker(connection, [ROLES[role]] if role else [], for_beat=role is None)
    assert broker is not None
    return {*broker.denied}


EVERYTHING = "~* &* +@all"


@pytest.mark.parametrize(
    ("rules", "role", "wanted"),
    [
        (EVERYTHING, "intake", set()),
        (f"{EVERYTHING} -lpush -publish", "commands", {"LPUSH", "PUBLISH"}),
        (f"{EVERYTHING} -hset", "commands", set()),
        (f"{EVERYTHING} -hset -zadd -evalsha", "intake", {"HSET", "ZADD", "EVALSHA"}),
        ("~commands &script:* +@all", "commands", set()),
        ("~commands resetchannels +@all", "commands", {"PUBLISH"}),
        ("~intake ~unacked* &* +@all", "intake", set()),
        ("~intake &* +@all", "intake", {"HSET", "HGET", "HDEL", "ZADD", "ZREM", "ZRANGE", "SET", "PTTL", "EVALSHA"}),
        (f"{EVERYTHING} -multi", "commands", {"MULTI"}),
        (f"{EVERYTHING} -info -config", "commands", set()),
    ],
)
def test_what_an_account_at_redis_may_not_run_is_found_without_running_it(
    admin: redis.Redis, redis_url: str, rules: str, role: str, wanted: set[str]
):
    assert denied(admin, redis_url, rules, role) == wanted
    assert admin.keys("*") == []


BEAT = "resetchannels -@all +hello +ping +info +multi +lpush +llen"


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (f"~reconcile ~upkeep {BEAT}", set()),
        (f"~reconcile {BEAT}", {"LPUSH", "LLEN"}),
        (f"~reconcile ~upkeep {BEAT} -llen", {"LLEN"}),
        (f"~commands ~intake {EVERYTHING.removeprefix('~* ')}", {"LPUSH", "LLEN"}),
    ],
)
def test_beat_needs_nothing_but_to_send_its_ticks(admin: redis.Redis, redis_url: str, rules: str, wanted: set[str]):
    assert denied(admin, redis_url, rules) == wanted
    assert admin.keys("*") == []


def test_a_full_redis_and_a_replica_lack_no_permission(admin: redis.Redis, redis_url: str):
    admin.config_set("maxmemory", 1)
    try:
        assert denied(admin, redis_url, EVERYTHING, "intake") == set()
    finally:
        admin.config_set("maxmemory", 0)
    admin.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        with open_broker(redis_url) as connection:
            broker = read_broker(connection)
    finally:
        admin.execute_command("REPLICAOF", "NO", "ONE")
    assert broker is not None
    assert broker.denied == ()
    assert {result.check: result.finding.level for result in results(broker)}["replica"] == "fault"


class WithoutTransactions(RedisServer):
    """A Redis that knows no MULTI, like some proxies before one."""

    def options(self) -> list[str]:
        return [*super().options(), "--rename-command", "MULTI", ""]


@pytest.mark.services
def test_a_redis_without_transactions_runs_nothing_of_the_check():
    with WithoutTransactions() as server, redis.Redis.from_url(server.url) as client:
        client.rpush("intake", "first", "second")
        with open_broker(server.url) as connection:
            broker = read_broker(connection, [ROLES["intake"]])
            assert write_refusal(connection) == ""

        assert client.lrange("intake", 0, -1) == [b"first", b"second"]
        assert client.keys("*") == [b"intake"]
    assert broker is not None
    assert broker.denied == ()
