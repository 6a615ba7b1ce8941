"""Checks with installed accounts: each is examined for its own role, and none is advised to have more than that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from gates.database.accounts.roles import GRANTS
from tests.gates.database.accounts.installed import InstalledLedger
from tests.services.databases import DatabaseServer
from workers.checks.examination import examine_database
from workers.checks.finding import Finding
from workers.process.roles import ROLES
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


ACCOUNT, ROLE = "doctor_by_role", "doctor_writers"


@pytest.fixture
def of_a_role(mariadb: DatabaseServer, installed: InstalledLedger) -> Iterator[str]:
    """The URL of an account that may read, and has a role that may do everything."""
    schema = installed.database
    for statement in (
        f"CREATE ROLE {ROLE}",
        f"GRANT ALL ON {schema}.* TO {ROLE}",
        f"CREATE USER {ACCOUNT} IDENTIFIED BY 'a'",
        f"GRANT SELECT ON {schema}.* TO {ACCOUNT}",
        f"GRANT {ROLE} TO {ACCOUNT}",
    ):
        mariadb.execute(statement)
    yield make_url(installed.url).set(username=ACCOUNT, password="a").render_as_string(hide_password=False)
    mariadb.execute(f"DROP USER {ACCOUNT}")
    mariadb.execute(f"DROP ROLE {ROLE}")


def grants(url: str, folder: Path) -> Finding:
    results = examine_database(Settings(home=folder, database_url=url), [ROLES["commands"]])
    [found] = [result.finding for result in results if result.check == "grants"]
    return found


def test_privileges_of_a_role_count_where_it_is_active(mariadb: DatabaseServer, of_a_role: str, tmp_path: Path):
    before = grants(of_a_role, tmp_path)
    is_mariadb = "MariaDB" in str(mariadb.execute("SELECT version()")[0][0])
    mariadb.execute(f"SET DEFAULT ROLE {ROLE} {'FOR' if is_mariadb else 'TO'} {ACCOUNT}")

    assert (before.level, "make it a default role" in before.change) == ("fault", True)
    assert grants(of_a_role, tmp_path).level == "fine"
