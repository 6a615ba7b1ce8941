"""A database of its own for materialization runs."""

from __future__ import annotations

import pytest

from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import open_database


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> UnitOfWork:
    """A database of its own: a run takes every script that is due."""
    return open_database(f"sqlite:///{tmp_path_factory.mktemp('runs')}/ledger.db")
