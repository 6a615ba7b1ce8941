"""Shared fixtures for tests of derived data: a migrated database on SQLite and on MariaDB, and a writer for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Clock, Writer, close_databases, open_database


@pytest.fixture(scope="module", autouse=True)
def closed_afterwards() -> Iterator[None]:
    yield
    close_databases()


@pytest.fixture(scope="module")
def unit_of_work(database_url: str) -> UnitOfWork:
    return open_database(database_url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(unit_of_work: UnitOfWork, clock: Clock) -> Writer:
    return Writer(unit_of_work, clock=clock)
