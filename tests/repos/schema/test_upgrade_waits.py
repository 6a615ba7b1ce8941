"""An upgrade waits for transactions of other connections, and is never half done because one lasted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymysql
import pytest
from pymysql.constants import ER
from sqlalchemy import inspect, make_url

from domain.errors import Conflict
from repos.database.engine import open_engine
from repos.schema import upgrade
from tests.services.databases import DatabaseServer


@pytest.fixture
def outdated(mariadb: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a database whose passwords are still with the users."""
    url = mariadb.create_database()
    with open_engine(url) as engine:
        upgrade.upgrade(engine, "0024")
    monkeypatch.setattr(upgrade, "TABLE_WAIT_SECONDS", 1)
    monkeypatch.setattr(upgrade, "OTHERS_FIRST_SECONDS", 0.1)
    yield url
    mariadb.drop_database(url)


@pytest.fixture
def reader(mariadb: DatabaseServer, outdated: str) -> Iterator[pymysql.Connection[Any]]:
    """A connection that has read the users and keeps its transaction open."""
    with mariadb.connect(database=make_url(outdated).database, autocommit=False) as connection:
        connection.cursor().execute("SELECT * FROM users")
        yield connection


def test_a_transaction_that_lasts_stops_an_upgrade_before_it_begins(
    outdated: str, reader: pymysql.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "MIGRATION_LOCK_TIMEOUT_SECONDS", 0)
    with open_engine(outdated) as engine:
        with pytest.raises(Conflict, match="Nothing was changed"):
            upgrade.upgrade(engine)
        assert "user_passwords" not in inspect(engine).get_table_names()
        assert upgrade.found_revision(engine) == "0024"
        reader.rollback()

        upgrade.upgrade(engine)

        upgrade.require_current(engine)


@pytest.mark.parametrize("has_begun", [False, True], ids=["before", "begun"])
def test_an_upgrade_waits_until_a_transaction_ends(
    outdated: str, reader: pymysql.Connection[Any], monkeypatch: pytest.MonkeyPatch, has_begun: bool
) -> None:
    """Also in the middle of a migration, where giving up would leave it half done."""
    if has_begun:
        monkeypatch.setattr(upgrade, "_require_free_tables", lambda _connection: None)
    end = threading.Timer(1.5, reader.rollback)
    end.start()
    with open_engine(outdated, answer_seconds=1) as engine:
        upgrade.upgrade(engine)
        end.join()

        upgrade.require_current(engine)


def waiting_connection(mariadb: DatabaseServer, url: str, statement: str) -> int:
    """The number of the connection of a database that waits for a table with this statement."""
    query = (
        f"SELECT id FROM information_schema.processlist WHERE db = '{make_url(url).database}'"
        f" AND state LIKE 'Waiting for table%' AND info LIKE '{statement}%'"
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if rows := mariadb.execute(query):
            return int(rows[0][0])
        time.sleep(0.05)
    raise AssertionError(f"nothing waits with {statement}")


def test_an_upgrade_waits_for_a_lock_on_a_table_that_it_writes(
    mariadb: DatabaseServer, outdated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a dump takes between two statements of a migration: it has to record its revision."""
    monkeypatch.setattr(upgrade, "_require_free_tables", lambda _connection: None)
    with (
        open_engine(outdated) as engine,
        ThreadPoolExecutor(1) as pool,
        mariadb.connect(database=make_url(outdated).database) as dump,
    ):
        dump.cursor().execute("LOCK TABLES alembic_version READ")
        upgraded = pool.submit(upgrade.upgrade, engine)
        waiting_connection(mariadb, outdated, "UPDATE alembic_version")
        time.sleep(upgrade.TABLE_WAIT_SECONDS + 0.2)
        dump.cursor().execute("UNLOCK TABLES")
        upgraded.result()

        upgrade.require_current(engine)


def test_an_upgrade_whose_connection_is_ended_while_it_waits_changes_nothing(
    mariadb: DatabaseServer, outdated: str, reader: pymysql.Connection[Any]
) -> None:
    """Another connection would not hold the migration lock."""
    with open_engine(outdated) as engine, ThreadPoolExecutor(1) as pool:
        upgraded = pool.submit(upgrade.upgrade, engine)
        try:
            mariadb.execute(f"KILL {waiting_connection(mariadb, outdated, 'LOCK TABLES')}")
        finally:
            reader.rollback()
        with pytest.raises(Conflict):
            upgraded.result()

        assert upgrade.found_revision(engine) == "0024"


def test_a_password_that_a_running_program_sets_in_the_middle_is_refused_and_not_lost(
    outdated: str, mariadb: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the copy and the end of the old column the server commits, so that others get at the users."""
    refused = []
    run = upgrade._run_when_free
    with mariadb.connect(database=make_url(outdated).database) as program:
        program.cursor().execute(
            "INSERT INTO users (id, email, email_key, created_at, password) VALUES (1, 'a@b', 'a@b', 1, 'before')"
        )

        def set_before_the_end(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
            if "users DROP COLUMN" in statement:
                cursor.execute("COMMIT")
                try:
                    program.cursor().execute("UPDATE users SET password = 'set since' WHERE id = 1")
                except pymysql.MySQLError as error:
                    refused.append(error.args[0])
            return run(cursor, statement, parameters, context)

        monkeypatch.setattr(upgrade, "_run_when_free", set_before_the_end)
        with open_engine(outdated) as engine:
            upgrade.upgrade(engine)

    assert refused == [ER.BAD_FIELD_ERROR]
    assert mariadb.execute(f"SELECT password FROM `{make_url(outdated).database}`.user_passwords") == [("before",)]
