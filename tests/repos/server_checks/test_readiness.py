"""Readiness of the database: a read-only one, another schema, a missing table and a file in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from repos.database.engine import open_engine
from repos.schema.revision import wanted_revision
from repos.schema.upgrade import upgrade
from repos.server_checks.readiness import database_problem, write_problem
from tests.services.databases import DatabaseServer


@pytest.fixture(scope="module")
def engine(mariadb: DatabaseServer, mariadb_url: str) -> Iterator[Engine]:
    """As an account that a read-only server refuses; root may write there."""
    with open_engine(mariadb_url) as engine:
        upgrade(engine)
    url = make_url(mariadb_url)
    mariadb.execute("DROP USER IF EXISTS ready@'%'")
    mariadb.execute("CREATE USER ready@'%' IDENTIFIED BY 'x'")
    mariadb.execute(f"GRANT ALL ON `{url.database}`.* TO ready@'%'")
    with open_engine(url.set(username="ready", password="x").render_as_string(hide_password=False)) as engine:
        yield engine
    mariadb.execute("DROP USER ready@'%'")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[tuple[Path, Engine]]:
    path = tmp_path / "ledger.db"
    with open_engine(f"sqlite:///{path}") as engine:
        upgrade(engine)
        yield path, engine


def execute(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
        connection.commit()


def test_a_migrated_database_is_ready(engine: Engine):
    assert database_problem(engine) is None


def test_a_read_only_server_takes_no_writes(engine: Engine, mariadb: DatabaseServer):
    mariadb.execute("SET GLOBAL read_only = 1")
    try:
        assert "takes no writes" in str(database_problem(engine))
    finally:
        mariadb.execute("SET GLOBAL read_only = 0")

    assert database_problem(engine) is None


def test_another_schema_is_named(engine: Engine):
    execute(engine, "UPDATE alembic_version SET version_num = '0001'")
    try:
        assert database_problem(engine) == f"the database is at schema 0001, this program needs {wanted_revision()}"
    finally:
        execute(engine, f"UPDATE alembic_version SET version_num = '{wanted_revision()}'")


def test_a_missing_inbox_is_named(engine: Engine):
    execute(engine, "RENAME TABLE submission_inbox TO elsewhere")
    try:
        assert "submission_inbox" in str(database_problem(engine))
    finally:
        execute(engine, "RENAME TABLE elsewhere TO submission_inbox")


def test_a_missing_privilege_is_named(engine: Engine, mariadb: DatabaseServer):
    database = engine.url.database
    mariadb.execute("DROP USER IF EXISTS onlooker@'%'")
    mariadb.execute("CREATE USER onlooker@'%' IDENTIFIED BY 'x'")
    mariadb.execute(f"GRANT SELECT ON `{database}`.* TO onlooker@'%'")
    url = engine.url.set(username="onlooker").render_as_string(hide_password=False)
    with open_engine(url) as reading:
        assert "takes no writes: INSERT command denied" in str(database_problem(reading))
    mariadb.execute("DROP USER onlooker@'%'")


def test_the_check_writes_nothing(engine: Engine):
    before = counter(engine)

    assert database_problem(engine) is None

    assert counter(engine) == before


def counter(engine: Engine) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(
            "SELECT auto_increment FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = 'submission_inbox'"
        ).scalar()


def test_a_server_that_is_gone_is_named_without_the_password():
    with open_engine("mysql+pymysql://ledger:hidden-word@127.0.0.1:1/ledger") as engine:
        problem = str(database_problem(engine))

    assert "does not answer" in problem
    assert "hidden-word" not in problem


def test_a_migrated_file_is_ready(file: tuple[Path, Engine]):
    assert database_problem(file[1]) is None


def test_a_file_that_another_process_writes_is_ready(file: tuple[Path, Engine]):
    path, engine = file
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert database_problem(engine) is None


def test_a_file_without_tables_is_not_ready(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "empty.db")) as other:
        other.execute("CREATE TABLE other (id INTEGER)")
    with open_engine(f"sqlite:///{tmp_path}/empty.db") as engine:
        assert "schema nothing" in str(database_problem(engine))


def test_a_missing_file_is_named_and_not_created(tmp_path: Path):
    with open_engine(f"sqlite:///{tmp_path}/ledger.db") as engine:
        assert database_problem(engine) == "the database file does not exist"

    assert not list(tmp_path.iterdir())


def test_a_connection_waits_for_other_writers_after_the_check_as_before(file: tuple[Path, Engine]):
    path, engine = file
    timeout = "PRAGMA busy_timeout"
    with engine.connect() as connection:
        usual = connection.exec_driver_sql(timeout).scalar()
    assert usual

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (database_problem(engine), write_problem(engine)) == (None, None)
        with engine.connect() as connection:
            assert connection.exec_driver_sql(timeout).scalar() == usual
