"""A worker whose account may do what no worker needs does not start, where accounts are installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from gates.database.accounts.roles import SECRETS
from gates.database.accounts.server import Server
from gates.database.accounts.start_check import FORBIDDEN, AccountsMissing, forbidden_access
from gates.database.accounts.status import account_status
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.schema.revision import connected
from repos.server_checks.listed_role import listed_role
from repos.unit_of_work import UnitOfWork
from tests.gates.database.accounts.installed import InstalledLedger
from workers.checks.examination import examine_database
from workers.process.command_lines import worker_command
from workers.process.roles import ROLES
from workers.settings import Settings


@pytest.mark.parametrize("role", ["worker", "intake", "backfill", "producer"])
def test_no_forbidden_write_succeeds_with_an_installed_account(installed: InstalledLedger, role: str):
    assert forbidden_access(installed.url_of(role), required=role in ("worker", "intake", "backfill")) == []


def test_an_administrators_account_is_found_out_by_the_layer_that_is_left(own: InstalledLedger):
    own.send("producer", "s", author="user")
    name = "send under the name of another account"
    reads = [f"read {what}" for what in SECRETS.values()]
    assert forbidden_access(own.url) == [*FORBIDDEN, *reads]  # the tables are empty: no row met a guard

    fill(own)

    assert forbidden_access(own.url) == [name, *reads]
    for trigger in ("script_commands_update", "script_commands_delete", "submissions_delete"):
        own.root(f"DROP TRIGGER guard_{trigger}")
    assert forbidden_access(own.url) == ["change a command", "delete a command", "delete an answer", name, *reads]
    assert own.root("SELECT COUNT(*) FROM submission_inbox") == [(0,)]
    assert own.root("SELECT COUNT(*) FROM script_commands") == [(1,)]


def test_a_worker_that_may_read_a_secret_is_found_by_each_check(own: InstalledLedger, tmp_path: Path):
    """Also one that may read another column of its table, because a handler reads the whole row."""
    url = own.url_of("worker")
    for grant, table in (
        ("SELECT ON {}.user_passwords", "user_passwords"),
        ("SELECT (user_id) ON {}.user_passwords", "user_passwords"),
        ("SELECT ON {}.*", "user_passwords"),
        ("SELECT (id) ON {}.legacy_rows", "legacy_rows"),
    ):
        assert forbidden_access(url) == []

        own.root(f"GRANT {grant.format(own.database)} TO '{own.name('worker')}'@'%'")

        assert f"read {SECRETS[table]}" in forbidden_access(url), grant
        with Server.opened(own.url) as server:
            assert {gap.kind for gap in account_status(server).gaps} == {"excess"}, grant
        found = examine_database(Settings(home=tmp_path, database_url=url), [ROLES["commands"]])
        [finding] = [each.finding for each in found if each.check == "grants"]
        assert (finding.level, f"may read {SECRETS[table]}" in finding.sentence) == ("fault", True), grant

        own.install()


def test_the_status_names_an_unlisted_account_that_may_read_a_secret(own: InstalledLedger):
    name = f"{own.prefix}_other"
    sentence = f"'{name}'@'%' is not listed, and may read {' or '.join(SECRETS.values())}."
    for grant in ("SELECT ON {}.user_passwords", "SELECT (user_id) ON {}.user_passwords", "SELECT ON *.*"):
        own.root(f"CREATE USER '{name}'@'%'")
        own.root(f"GRANT {grant.format(own.database)} TO '{name}'@'%'")
        try:
            with Server.opened(own.url) as server:
                assert sentence in account_status(server).notes, grant
        finally:
            own.root(f"DROP USER '{name}'@'%'")


def test_the_status_names_no_account_of_the_server_itself(own: InstalledLedger):
    """MySQL has one that may read everything and that no one may use; to drop it would break the server."""
    with Server.opened(own.url) as server:
        notes = account_status(server).notes

    assert any("root" in note for note in notes)
    assert [note for note in notes if "mysql." in note or "mariadb." in note] == []


def test_a_single_account_starts_unless_accounts_are_required(own: InstalledLedger):
    own.root("DELETE FROM database_accounts")

    assert forbidden_access(own.url) == []
    with pytest.raises(AccountsMissing, match="gates install"):
        forbidden_access(own.url, required=True)


def test_a_file_has_no_accounts(sqlite_url: str):
    assert forbidden_access(sqlite_url) == []
    with pytest.raises(AccountsMissing, match="SQLite"):
        forbidden_access(sqlite_url, required=True)


@pytest.mark.slow
def test_a_worker_with_too_much_exits_with_one_sentence(own: InstalledLedger):
    environ = {**os.environ, "SCRIPTLEDGER_DATABASE_URL": own.url, "SCRIPTLEDGER_BROKER_URL": "redis://127.0.0.1:1/0"}
    command = worker_command(ROLES["commands"], pool="solo")

    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "scriptledger: the database account of this worker may change a command" in done.stderr


def fill(ledger: InstalledLedger) -> None:
    with open_engine(ledger.url_of("worker")) as engine:
        Ledger(UnitOfWork(engine)).drain(1)


def test_an_account_finds_the_role_under_which_it_is_listed(installed: InstalledLedger):
    found: dict[str, str | None] = {}
    for name, url in {"worker": installed.url_of("worker"), "ai": installed.url_of("ai"), "": installed.url}.items():
        with open_engine(url) as engine, connected(engine) as connection:
            found[name] = listed_role(connection)

    # An `ai` account may not read the list; the administrator's is not in it.
    assert found == {"worker": "worker", "ai": None, "": ""}


def test_without_a_list_no_account_has_a_role_and_a_lost_connection_is_an_error(own: InstalledLedger):
    with open_engine(own.url) as engine, connected(engine) as connection:
        own.root("RENAME TABLE database_accounts TO elsewhere")
        assert listed_role(connection) == ""
        own.root(f"KILL {connection.exec_driver_sql('SELECT CONNECTION_ID()').scalar()}")
        with pytest.raises(DBAPIError):
            listed_role(connection)
