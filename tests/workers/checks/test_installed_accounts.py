"""Checks with installed accounts: each is examined for its own role, and none is advised to have more than that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gates.database.accounts.roles import GRANTS
from tests.gates.database.accounts.installed import InstalledLedger
from tests.services.databases import DatabaseServer
from workers.checks.examination import examine_database
from workers.settings import Settings

# These may not read the list of accounts.
WITHOUT_LIST = ("producer", "ai", "reader")


@pytest.fixture(scope="module")
def installed(mariadb: DatabaseServer) -> Iterator[InstalledLedger]:
    ledger = InstalledLedger(mariadb)
    yield ledger
    ledger.remove()


@pytest.mark.parametrize("role", GRANTS)
def test_an_installed_account_has_what_its_role_needs(installed: InstalledLedger, role: str, tmp_path: Path):
    found = {
        result.check: result.finding
        for result in examine_database(Settings(home=tmp_path, database_url=installed.url_of(role)))
    }

    assert found["grants"].level == ("warning" if role in WITHOUT_LIST else "fine")
    assert ("not checked" if role in WITHOUT_LIST else f"the role {role} needs") in found["grants"].sentence
    assert found["objects"].level == "fine"
    assert found["definitions"].level == "fine"
