"""Shared fixtures: a migrated ledger, and a clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Clock, close_databases, open_database


@pytest.fixture(scope="module")
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    yield open_database(database_url)
    close_databases()


@pytest.fixture
def clock() -> Clock:
    return Clock()
