"""Fixtures: a ledger with installed accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gates.database.accounts.installed import InstalledLedger
from tests.services.databases import DatabaseServer


@pytest.fixture(scope="module")
def installed(mariadb: DatabaseServer) -> Iterator[InstalledLedger]:
    """A ledger with an account for each role, new for each test module."""
    ledger = InstalledLedger(mariadb)
    yield ledger
    ledger.remove()


@pytest.fixture
def own(mariadb: DatabaseServer) -> Iterator[InstalledLedger]:
    """A ledger that a test may change."""
    ledger = InstalledLedger(mariadb, roles=("producer", "worker", "migrator"))
    yield ledger
    ledger.remove()
