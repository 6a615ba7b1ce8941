"""Shared fixtures: an empty ledger in an SQLite file for each test, copied from one that is migrated once.

Ledgers that a test opened itself are closed after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import backfill.domains.registry  # noqa: F401 - in its order, whichever test is run alone
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, add_script, lines
from tests.materialization.writer import Clock, close_databases


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with open_engine(f"sqlite:///{path}") as engine:
        upgrade(engine)
    return path


@pytest.fixture
def ledger_url(empty_ledger: Path, tmp_path: Path) -> str:
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[UnitOfWork]:
    with open_engine(ledger_url) as engine:
        yield UnitOfWork(engine)


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    """A legacy database of scripts, without any, and a ledger."""
    return ScriptDatabase(tmp_path, ledger, Clock())


@pytest.fixture
def brought(legacy: ScriptDatabase) -> ScriptDatabase:
    """A script whose text is in its row alone, brought over."""
    add_script(legacy, content=lines("One.", "Two."), updatedAt=DAY.format(2))
    legacy.run()
    return legacy


@pytest.fixture
def other_ledger(empty_ledger: Path, tmp_path: Path) -> Iterator[UnitOfWork]:
    """A second ledger, to compare the first with."""
    shutil.copy(empty_ledger, tmp_path / "other.db")
    with open_engine(f"sqlite:///{tmp_path / 'other.db'}") as engine:
        yield UnitOfWork(engine)


@pytest.fixture(autouse=True)
def closed_ledgers() -> Iterator[None]:
    yield
    close_databases()
