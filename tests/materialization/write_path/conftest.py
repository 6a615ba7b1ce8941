"""Shared fixtures: a ledger on SQLite and on MariaDB, and a script editor for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pymysql
import pytest
from sqlalchemy import Engine

from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import ScriptEditor
from tests.materialization.write_path.wire_tap import Tap
from tests.services.databases import DatabaseServer


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=10)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def mariadb_engine(mariadb_url: str) -> Iterator[Engine]:
    engine = make_engine(mariadb_url, pool_size=10)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def unit_of_work(engine: Engine) -> UnitOfWork:
    return UnitOfWork(engine)


@pytest.fixture
def ledger(unit_of_work: UnitOfWork) -> Ledger:
    """A ledger whose clock counts the units of work."""
    return Ledger(unit_of_work, clock=count(1_000).__next__)


@pytest.fixture
def editor(unit_of_work: UnitOfWork, ledger: Ledger) -> ScriptEditor:
    return ScriptEditor(unit_of_work, ledger)


@pytest.fixture
def tap(mariadb_engine: Engine) -> Iterator[Tap]:
    tap = Tap(mariadb_engine)
    yield tap
    tap.remove()


@pytest.fixture
def table(mariadb_engine: Engine, tap: Tap) -> ScriptEditor:
    """A script editor on MariaDB whose connections are tapped."""
    unit_of_work = UnitOfWork(mariadb_engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin()
    tap.clear()
    return editor


@pytest.fixture
def second_connection(mariadb: DatabaseServer, mariadb_engine: Engine) -> Iterator[pymysql.Connection[Any]]:
    """A second, bare connection to the same database."""
    connection = mariadb.connect(database=mariadb_engine.url.database, autocommit=False)
    yield connection
    connection.close()
