"""A ledger on SQLite and on MariaDB in turn, and an empty desk at it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import Engine

from materialization.submit import Ledger
from repos import schema
from repos.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.desk import Desk


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=10)
    schema.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def mariadb_engine(mariadb_url: str) -> Iterator[Engine]:
    engine = make_engine(mariadb_url, pool_size=10)
    schema.upgrade(engine)
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
def desk(unit_of_work: UnitOfWork, ledger: Ledger) -> Desk:
    return Desk(unit_of_work, ledger)
