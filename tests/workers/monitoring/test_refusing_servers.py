"""Servers that answer and refuse: the overview says why, what to do about that, and what is known nevertheless."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import make_url

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from tests.services.databases import DatabaseServer
from workers.monitoring.overview import Overview
from workers.monitoring.overview_reader import OverviewReader
from workers.monitoring.problems.find import find_problems
from workers.monitoring.problems.problem import Problem


@pytest.fixture(scope="module")
def migrated(mariadb_url: str) -> str:
    with open_engine(mariadb_url) as engine:
        upgrade(engine)
    return mariadb_url


@pytest.fixture
def account(mariadb: DatabaseServer, migrated: str) -> Iterator[str]:
    """The URL of an account that may have one connection."""
    url = make_url(migrated)
    mariadb.execute("DROP USER IF EXISTS narrow@'%'")
    mariadb.execute("CREATE USER narrow@'%' IDENTIFIED BY 'x' WITH MAX_USER_CONNECTIONS 1")
    mariadb.execute(f"GRANT ALL ON `{url.database}`.* TO narrow@'%'")
    yield url.set(username="narrow", password="x").render_as_string(hide_password=False)
    mariadb.execute("DROP USER narrow@'%'")


def read(database_url: str, broker_url: str) -> Overview:
    with open_engine(database_url, pool_size=1) as engine:
        return OverviewReader(engine, broker_url).read()


def first(overview: Overview) -> Problem:
    return find_problems(overview)[0]


def test_without_a_free_connection_the_limit_is_to_be_raised(account: str, redis_url: str):
    with open_engine(account) as taken, taken.connect():
        problem = first(read(account, redis_url))

    assert problem.code == "database_down"
    assert "max_connections" in problem.advice
    assert "Start it" not in problem.advice


@pytest.mark.parametrize(
    ("username", "database", "words"), [("narrow", None, "the password in"), (None, "missing", "Create it")]
)
def test_a_refused_sign_in_and_a_missing_database_are_to_be_corrected(
    migrated: str, redis_url: str, username: str | None, database: str | None, words: str
):
    url = make_url(migrated)
    url = url.set(username=username or url.username, database=database or url.database)
    problem = first(read(url.render_as_string(hide_password=False), redis_url))

    assert problem.code == "database_down"
    assert words in problem.advice


def test_a_broker_that_refuses_the_password_is_not_to_be_started(migrated: str, redis_url: str):
    problem = first(read(migrated, redis_url.replace("redis://", "redis://stranger:wrong@")))

    assert problem.code == "broker_down"
    assert "Correct the user or the password" in problem.advice
    assert "wrong" not in problem.sentence


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("maxmemory", "OutOfMemoryError", "Raise its maxmemory"),
        ("min-replicas-to-write", "NOREPLICAS", "Start its replicas"),
    ],
)
def test_a_broker_that_takes_no_messages_cannot_be_used(
    migrated: str, redis_url: str, setting: str, code: str, words: str
):
    with redis.Redis.from_url(redis_url) as client:
        client.lpush("commands", "waits")
        client.config_set(setting, 1)
        try:
            overview = read(migrated, redis_url)
        finally:
            client.config_set(setting, 0)
            client.delete("commands")
    problem = first(overview)

    assert problem.code == "broker_down"
    assert f"it refuses messages ({code}" in problem.sentence
    assert words in problem.advice
    # What can be read is still shown.
    assert {role.name: role.queued for role in overview.roles}["commands"] == 1
    assert read(migrated, redis_url).broker.is_up
