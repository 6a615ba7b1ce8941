"""Shared fixtures: revision histories, and a database for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.histories.history import OURS, RECORDED, SAMPLES, History, read_history


@pytest.fixture(params=[OURS, *RECORDED])
def history(request: pytest.FixtureRequest) -> History:
    """Every history; the recorded ones only if the real data is available."""
    if request.param == OURS:
        return read_history(SAMPLES / OURS)
    return read_history(request.getfixturevalue("screenplays") / "histories" / request.param)


@pytest.fixture(scope="module")
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    """A unit of work on the module's database, once on SQLite and once on MariaDB."""
    engine = make_engine(database_url)
    upgrade(engine)
    yield UnitOfWork(engine)
    engine.dispose()
