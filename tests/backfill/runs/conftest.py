"""A backfill from an SQLite file into an SQLite file, each test with its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backfill.domains.base import Domain
from backfill.domains.registry import DOMAINS
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger, make_legacy_file
from tests.materialization.writer import Clock


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated ledger."""
    file = tmp_path_factory.mktemp("empty") / "ledger.db"
    with open_engine(f"sqlite:///{file}") as engine:
        upgrade(engine)
    return file


@pytest.fixture
def backfill(tmp_path: Path, empty_ledger: Path, clock: Clock) -> Iterator[Backfill]:
    make_legacy_file(tmp_path / "legacy.db")
    with open_engine(copied_ledger(empty_ledger, tmp_path / "ledger.db")) as engine:
        yield Backfill(tmp_path, UnitOfWork(engine), clock)


@pytest.fixture
def domains() -> Iterator[dict[str, Domain]]:
    """No domains but those that a test makes."""
    known = dict(DOMAINS)
    DOMAINS.clear()
    yield DOMAINS
    DOMAINS.clear()
    DOMAINS.update(known)
