"""Servers that answer and refuse: the overview says why, what to do about that, and what is known nevertheless."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import make_url, text

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from tests.services.databases import DatabaseServer
from workers.monitoring.overview import Overview
from workers.monitoring.overview_reader import OverviewReader
from workers.monitoring.problems.find import find_problems
from workers.monitoring.problems.problem import Problem
from workers.monitoring.role_heartbeat import RoleHeartbeat


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


@pytest.fixture
def silent(migrated: str) -> Iterator[str]:
    """A database whose worker has not reported for a minute."""
    with open_engine(migrated) as engine:
        RoleHeartbeat(["commands"], lambda: engine).write()
        with engine.begin() as connection:
            connection.execute(text("UPDATE role_heartbeats SET state = 'consuming', seen_at = seen_at - 60000000"))
        yield migrated
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM role_heartbeats"))


def read(database_url: str, broker_url: str) -> Overview:
    with open_engine(database_url, pool_size=1, answer_seconds=1) as engine:
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


def test_a_lock_on_all_tables_is_not_taken_for_workers_that_do_not_run(
    mariadb: DatabaseServer, silent: str, redis_url: str
):
    with open_engine(mariadb.server_url().render_as_string(hide_password=False)) as engine, engine.connect() as backup:
        backup.execute(text("FLUSH TABLES WITH READ LOCK"))
        try:
            overview = read(silent, redis_url)
        finally:
            backup.execute(text("UNLOCK TABLES"))

    assert [problem.code for problem in find_problems(overview)] == ["database_down"]
    assert "it takes no writes" in first(overview).sentence
    assert "backup" in first(overview).advice
    assert {role.name: role.condition for role in overview.roles}["commands"] == "running"


def test_a_worker_that_does_not_report_to_a_database_that_takes_writes_is_missing(silent: str, redis_url: str):
    problem = first(read(silent, redis_url))

    assert (problem.code, problem.subject) == ("role_missing", "commands")
    assert "restart it" in problem.advice


def test_an_account_that_may_not_write_does_not_take_the_database_for_locked(
    mariadb: DatabaseServer, silent: str, redis_url: str
):
    url = make_url(silent)
    mariadb.execute("DROP USER IF EXISTS looker@'%'")
    mariadb.execute("CREATE USER looker@'%' IDENTIFIED BY 'x'")
    mariadb.execute(f"GRANT SELECT ON `{url.database}`.* TO looker@'%'")
    looker = url.set(username="looker", password="x").render_as_string(hide_password=False)
    try:
        assert first(read(looker, redis_url)).code == "role_missing"
    finally:
        mariadb.execute("DROP USER looker@'%'")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("RENAME TABLE script_heads TO lost", "RENAME TABLE lost TO script_heads", "Load the whole of a dump"),
        (
            "ALTER TABLE leases RENAME COLUMN holder TO lost",
            "ALTER TABLE leases RENAME COLUMN lost TO holder",
            "Load the whole of a dump",
        ),
    ],
)
def test_a_database_that_lacks_a_part_is_not_to_be_started(
    migrated: str, redis_url: str, before: str, after: str, words: str
):
    with open_engine(migrated) as engine, engine.connect() as connection:
        connection.execute(text(before))
        try:
            problem = first(read(migrated, redis_url))
        finally:
            connection.execute(text(after))

    assert problem.code == "database_down"
    assert words in problem.advice
    assert "Start it" not in problem.advice


def test_an_account_that_may_not_read_a_table_is_to_be_granted_that(
    mariadb: DatabaseServer, migrated: str, redis_url: str
):
    url = make_url(migrated)
    mariadb.execute("DROP USER IF EXISTS blind@'%'")
    mariadb.execute("CREATE USER blind@'%' IDENTIFIED BY 'x'")
    mariadb.execute(f"GRANT SELECT ON `{url.database}`.alembic_version TO blind@'%'")
    try:
        problem = first(read(url.set(username="blind", password="x").render_as_string(hide_password=False), redis_url))
    finally:
        mariadb.execute("DROP USER blind@'%'")

    assert problem.code == "database_down"
    assert "gates install" in problem.advice


def test_a_connection_that_the_server_closed_is_no_outage(mariadb: DatabaseServer, migrated: str, redis_url: str):
    with open_engine(migrated, pool_size=1) as engine:
        reader = OverviewReader(engine, redis_url)
        reader.read()
        for (number,) in mariadb.execute(
            f"SELECT id FROM information_schema.processlist WHERE db = '{make_url(migrated).database}'"
        ):
            mariadb.execute(f"KILL {number}")

        assert reader.read().is_known
