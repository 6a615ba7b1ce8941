"""Fixtures: a migrated database, SQLite and MariaDB in turn, and a writing room with a silent bell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.workers.writer_setup import WritingRoom


@pytest.fixture(scope="module")
def migrated(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=4)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def room(migrated: Engine) -> WritingRoom:
    return WritingRoom(UnitOfWork(migrated))
