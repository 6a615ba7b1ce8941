"""A worker whose account may do what no worker needs does not start, where accounts are installed."""

from __future__ import annotations

import os
import subprocess

import pytest

from gates.database.accounts.start_check import FORBIDDEN, AccountsMissing, forbidden_writes
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.gates.database.accounts.installed import InstalledLedger
from workers.process.command_lines import worker_command
from workers.process.roles import ROLES


@pytest.mark.parametrize("role", ["worker", "intake", "backfill", "producer"])
def test_no_forbidden_write_succeeds_with_an_installed_account(installed: InstalledLedger, role: str):
    assert forbidden_writes(installed.url_of(role), required=role in ("worker", "intake", "backfill")) == []


def test_an_administrators_account_is_found_out_by_the_layer_that_is_left(own: InstalledLedger):
    own.send("producer", "s", author="user")
    name = "send under the name of another account"
    assert forbidden_writes(own.url) == list(FORBIDDEN)  # the tables are empty: no row met a guard

    fill(own)

    assert forbidden_writes(own.url) == [name]
    for trigger in ("script_commands_update", "script_commands_delete", "submissions_delete"):
        own.root(f"DROP TRIGGER guard_{trigger}")
    assert forbidden_writes(own.url) == ["change a command", "delete a command", "delete an answer", name]
    assert own.root("SELECT COUNT(*) FROM submission_inbox") == [(0,)]
    assert own.root("SELECT COUNT(*) FROM script_commands") == [(1,)]


def test_a_single_account_starts_unless_accounts_are_required(own: InstalledLedger):
    own.root("DELETE FROM database_accounts")

    assert forbidden_writes(own.url) == []
    with pytest.raises(AccountsMissing, match="gates install"):
        forbidden_writes(own.url, required=True)


def test_a_file_has_no_accounts(sqlite_url: str):
    assert forbidden_writes(sqlite_url) == []
    with pytest.raises(AccountsMissing, match="SQLite"):
        forbidden_writes(sqlite_url, required=True)


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
