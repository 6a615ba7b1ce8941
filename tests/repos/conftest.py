"""Fixtures: a migrated database, SQLite and MariaDB in turn, and its units of work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork


@pytest.fixture(scope="module")
def migrated(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=2)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def unit_of_work(migrated: Engine) -> UnitOfWork:
    return UnitOfWork(migrated)
