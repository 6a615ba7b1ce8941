"""A server named in the environment is left unchanged."""

from __future__ import annotations

import pytest

from tests.services.mariadb import MariaDB
from tests.services.named import NamedDatabaseServer, NamedRedisServer


@pytest.mark.services
@pytest.mark.slow
def test_databases_created_on_a_named_server_are_dropped_at_the_end():
    with MariaDB() as server:
        before = server.execute("SHOW DATABASES")
        named = NamedDatabaseServer(server.url("mysql"))

        url = named.create_database()

        assert len(server.execute("SHOW DATABASES")) == len(before) + 1
        assert url.startswith(f"mysql+pymysql://root@127.0.0.1:{server.port}/ledger_test_")
        named.discard()
        assert server.execute("SHOW DATABASES") == before


def test_a_named_server_keeps_its_account_and_options():
    named = NamedDatabaseServer("mysql://me:p%40ss@db.example:3307/mine?ssl_disabled=true")
    assert named.url("fresh") == ("mysql+pymysql://me:p%40ss@db.example:3307/fresh?charset=utf8mb4&ssl_disabled=true")


@pytest.mark.parametrize(
    ("given", "share", "used"),
    [
        ("redis://cache.example", 0, "redis://cache.example/0"),
        ("redis://:secret@cache.example:6380/3", 2, "redis://:secret@cache.example:6380/5"),
    ],
)
def test_parallel_test_processes_use_different_databases_of_a_named_redis(given: str, share: int, used: str):
    assert NamedRedisServer(given, share).url == used
