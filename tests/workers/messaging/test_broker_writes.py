"""Whether a Redis takes messages, as accounts see it that may use one queue alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from workers import bootstrap
from workers.messaging.broker_check import open_broker
from workers.messaging.broker_trouble import BrokerTrouble
from workers.messaging.broker_writes import write_refusal
from workers.monitoring import readiness
from workers.monitoring.health import VARIABLE, ready
from workers.settings import Settings

BEAT = "~reconcile ~upkeep resetchannels -@all +hello +ping +multi +lpush +llen"


@pytest.fixture
def admin(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client
        client.config_set("maxmemory", 0)
        client.execute_command("ACL", "DELUSER", "narrow")


@pytest.fixture
def narrow_url(admin: redis.Redis, redis_url: str) -> str:
    """The URL of the account that beat needs."""
    admin.execute_command("ACL", "SETUSER", "narrow", "reset", "on", ">pw", *BEAT.split())
    return redis_url.replace("redis://", "redis://narrow:pw@")


def test_the_queue_of_an_account_decides(admin: redis.Redis, narrow_url: str):
    with open_broker(narrow_url) as connection:
        assert write_refusal(connection, "upkeep") == ""
        assert write_refusal(connection, "commands") == "NoPermissionError"
        admin.config_set("maxmemory", 1)
        assert write_refusal(connection, "upkeep") == "OutOfMemoryError"
    admin.config_set("maxmemory", 0)
    assert admin.keys("*") == []


def test_beat_is_ready_with_the_account_that_it_needs(narrow_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "beat"))
    monkeypatch.setattr(bootstrap, "settings", lambda: Settings(home=tmp_path, broker_url=narrow_url))
    monkeypatch.setattr(readiness, "trouble", BrokerTrouble())

    readiness.beat_readiness().report()

    assert ready() is None
