"""`gates install` and `gates status` on a server: accounts of an earlier installation are found by their list."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.cli.running import CommandLine
from tests.gates.database.accounts.installed import InstalledLedger
from tests.services.databases import DatabaseServer

pytestmark = pytest.mark.services
ROLES = ("worker", "producer")


def test_an_installation_without_options_brings_all_listed_accounts_up_to_date(home: Path, mariadb: DatabaseServer):
    ledger = InstalledLedger(mariadb, roles=ROLES, name=f"gl{secrets.token_hex(3)}")
    run = CommandLine(home, warm=True, SCRIPTLEDGER_DATABASE_URL=ledger.url)
    other = f"{ledger.prefix}x"
    roles = ["--role", "reader", "--prefix", other]
    robot = f"{ledger.prefix}_robot"
    try:
        assert run("gates", "install", *roles, "--account", f"ai={robot}").status == 0
        for account in (robot, ledger.name("producer")):
            ledger.root(f"GRANT DELETE ON submission_inbox TO '{account}'@'%'")

        # It would lose its rights.
        user, _, host = ledger.root("SELECT CURRENT_USER()")[0][0].partition("@")
        own = run("gates", "install", *roles, "--account", f"ai={user}", "--host", host, "--dry-run")
        assert (own.status, "is the account of this connection" in own.err) == (1, True), own.err

        # A listed account that is named has the role named there, and no other; the default name may be taken.
        twice = [f"ai={ledger.name('worker')}", f"reader={ledger.name('worker')}"]
        both = run("gates", "install", *roles, "--account", twice[0], "--account", twice[1], "--dry-run")
        assert (both.status, "would have two roles, ai and reader" in both.err) == (1, True), both.err
        other_role = run("gates", "install", "--account", twice[0], "--dry-run").out
        assert f"would list {ledger.name('worker')}@% as ai" in other_role
        assert "would revoke from worker" not in other_role
        assert f"would list {ledger.name('worker')}@% as worker" not in other_role

        # Some are named: the others are left, and named.
        part = run("gates", "install", *roles)
        assert part.status == 0
        assert f"The account {robot}@% (ai) differs from its role, and was not named" in part.err

        status = run("gates", "status")
        assert status.status == 1
        assert f"{robot}@% (ai) has DELETE on submission_inbox too much." in status.out
        assert "`scriptledger gates install` brings all listed accounts and guards up to date." in status.out

        planned = run("gates", "install", "--dry-run").out
        assert "would revoke from ai on submission_inbox" in planned
        assert "would revoke from producer on submission_inbox" in planned
        # No second account of a role that has one.
        created = {line.rpartition(" ")[2] for line in planned.splitlines() if "create the account" in line}
        assert created == {f"{ledger.name(role)}@%" for role in ("application", "intake", "backfill", "migrator")}

        ledger.root(f"DROP USER '{robot}'@'%'")
        gone = run("gates", "status").out
        assert (
            f"{robot}@% is listed as ai and does not exist: create it"
            f" (`scriptledger gates install --account ai={robot}`),"
            f" or forget it (`DELETE FROM database_accounts WHERE account = '{robot}@%'`)."
        ) in gone
        again = run("gates", "install", "--account", f"ai={robot}", "--dry-run").out
        assert f"would create the account {robot}@%" in again
        assert f"would create the account {ledger.name('ai')}@%" in again
    finally:
        for name in (robot, f"{other}_reader"):
            mariadb.execute(f"DROP USER IF EXISTS '{name}'@'%'")
        ledger.remove()


def test_an_installation_that_fails_prints_the_passwords_that_it_set_and_no_others(home: Path, mariadb: DatabaseServer):
    ledger = InstalledLedger(mariadb, roles=ROLES, name=f"gl{secrets.token_hex(3)}")
    installer = f"{ledger.prefix}_installer"
    url = make_url(ledger.url).set(username=installer, password="x1").render_as_string(hide_password=False)
    run = CommandLine(home, warm=True, SCRIPTLEDGER_DATABASE_URL=url)
    arguments = ("gates", "install", "--role", "worker", "--role", "producer", "--set-passwords")
    try:
        ledger.root(f"CREATE USER '{installer}'@'%' IDENTIFIED BY 'x1'")
        ledger.root(f"GRANT CREATE USER ON *.* TO '{installer}'@'%'")
        ledger.root(f"GRANT SELECT ON mysql.* TO '{installer}'@'%'")
        ledger.root(f"GRANT SELECT, INSERT, UPDATE ON `{ledger.database}`.* TO '{installer}'@'%'")
        ledger.root(f"REVOKE SELECT ON script_heads FROM '{ledger.name('worker')}'@'%'")
        # It may set passwords, and grant nothing: the worker's comes first.
        part = run(*arguments)
        ledger.root("ALTER TABLE submission_inbox ALTER COLUMN account DROP DEFAULT")
        none = run(*arguments)
    finally:
        mariadb.execute(f"DROP USER IF EXISTS '{installer}'@'%'")
        ledger.remove()

    assert (part.status, [line.split()[0] for line in part.out.splitlines()]) == (1, [f"{ledger.name('worker')}@%"])
    assert (none.status, none.out) == (1, ""), none.err
