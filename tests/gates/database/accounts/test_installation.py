"""`gates install` is idempotent, mends what differs, and names what a server does not allow."""

from __future__ import annotations

import pymysql
import pytest

from domain.submissions.account_roles import ACCOUNT_ROLES
from gates.database.accounts.install import run_plan
from gates.database.accounts.plan import named_account, plan
from gates.database.accounts.roles import GRANTS, TABLE_GROUPS, wanted_privileges
from gates.database.accounts.server import NoAccounts, Server
from gates.database.accounts.status import account_status
from gates.database.own_drift import own_drift
from gates.database.own_schema import own_schema
from repos.database.engine import open_engine
from repos.schema.revision import TABLE, require_current
from repos.schema.upgrade import downgrade, upgrade
from tests.gates.database.accounts.installed import InstalledLedger, sentences
from tests.services.databases import DatabaseServer


def test_every_table_is_in_one_group_and_every_role_has_grants():
    shape = own_schema("mariadb", "10.11", "ledger")
    declared = sorted([*(each.name for each in shape.tables), *(each.name for each in shape.views), TABLE])

    assert sorted(table for tables in TABLE_GROUPS.values() for table in tables) == declared
    assert set(GRANTS) == set(ACCOUNT_ROLES)
    assert all(set(granted) <= set(TABLE_GROUPS) for granted in GRANTS.values())


@pytest.mark.parametrize("role", [role for role in ACCOUNT_ROLES if role != "migrator"])
def test_no_role_changes_or_deletes_a_command_or_defines_anything(role: str):
    privileges = wanted_privileges(role)

    assert {each.name for each in privileges} <= {"SELECT", "INSERT", "UPDATE", "DELETE"}
    log = {each.name for each in privileges if each.scope in ("script_commands", "submissions", "script_seals")}
    assert log <= {"SELECT", "INSERT"}
    of_senders = {each.scope for each in privileges if each.column == "account"}
    # Those who drain the inbox write who sent what they refuse.
    assert of_senders == ({"rejected_submissions"} if role in ("worker", "backfill") else set())


def test_a_second_installation_has_nothing_to_do(installed: InstalledLedger):
    assert installed.gaps == []
    assert sentences(installed) == []
    with Server.opened(installed.url) as server:
        assert plan(server, installed.accounts, {}) == []


def test_only_addresses_are_hosts_where_a_server_resolves_no_names(installed: InstalledLedger):
    with Server.opened(installed.url) as server:
        resolving = server.rows("SELECT @@skip_name_resolve") == [(0,)]
        assert all(
            server.resolves(host) for host in ("%", "Localhost", "10.0.0.%", "2001:DB8::1", "10.0.0.0/255.0.0.0")
        )
        assert [server.resolves(host) for host in ("app.example.com", "%.example.com")] == [resolving] * 2


def test_drift_takes_accounts_and_guards_for_no_drift(installed: InstalledLedger):
    differences, _ = own_drift(installed.url)

    assert differences == []


def test_status_names_what_is_missing_and_what_is_too_much_and_install_mends_it(own: InstalledLedger):
    worker = f"'{own.name('worker')}'@'%'"
    own.root(f"GRANT UPDATE (kind) ON script_commands TO {worker}")
    own.root(f"REVOKE INSERT ON script_versions FROM {worker}")
    own.root(f"GRANT SELECT ON `{own.database}`.* TO '{own.name('producer')}'@'%'")
    own.root("ALTER TABLE submission_inbox ALTER COLUMN account DROP DEFAULT")
    own.root("DROP TRIGGER guard_script_commands_update")
    own.root("DROP TRIGGER guard_script_seals_delete")
    own.root("CREATE TRIGGER guard_script_seals_delete BEFORE DELETE ON script_seals FOR EACH ROW SET @a = 1")

    assert sorted(sentences(own)) == [
        "The guard guard_script_commands_update is missing: `scriptledger gates install`.",
        "The guard guard_script_seals_delete was changed: `scriptledger gates install`.",
        "The server does not write the account into the rows of the inbox.",
        "p_producer@% (producer) has SELECT on `ledger`.* too much.",
        "p_worker@% (worker) has UPDATE (kind) on script_commands too much.",
        "p_worker@% (worker) lacks INSERT on script_versions.",
    ]

    assert own.install() == []
    assert sentences(own) == []


@pytest.mark.parametrize("privilege", ["INSERT", "SELECT, INSERT, UPDATE", "ALL"])
def test_one_installation_narrows_a_privilege_on_a_table_to_its_columns(own: InstalledLedger, privilege: str):
    """As an upgrade does; to revoke the privilege on the table takes those on its columns along."""
    for role in ("worker", "producer"):
        own.root(f"GRANT {privilege} ON rejected_submissions TO '{own.name(role)}'@'%'")
        own.root(f"GRANT {privilege} ON submission_inbox TO '{own.name(role)}'@'%'")

    own.install()

    assert sentences(own) == []


def test_status_names_grants_elsewhere_and_accounts_that_are_gone(own: InstalledLedger):
    other = f"{own.prefix}_other"
    own.root(f"CREATE USER '{other}'@'%'")
    own.root(f"GRANT DELETE ON `{own.database[:-1]}%`.* TO '{other}'@'%'")
    with Server.opened(own.url) as server:
        is_mariadb = server.is_mariadb
        assert f"'{other}'@'%' is not listed, and may change the log." in account_status(server).notes
    own.root(f"DROP USER '{other}'@'%'")
    if is_mariadb:
        own.root(f"GRANT UPDATE ON `{own.database}`.* TO PUBLIC")
        of_all = sentences(own)
        own.root(f"REVOKE UPDATE ON `{own.database}`.* FROM PUBLIC")
        assert sentences(own) == []
        assert of_all == ["Every account has UPDATE on `ledger`.* too much: it is granted to PUBLIC. Revoke it."]

    own.root(f"GRANT SELECT ON mysql.* TO '{own.name('producer')}'@'%'")
    own.root(f"GRANT CREATE USER ON *.* TO '{own.name('worker')}'@'%'")
    own.root(f"DROP USER '{own.name('migrator')}'@'%'")

    found = sentences(own)

    assert (
        "p_migrator@% is listed as migrator and does not exist: create it (`scriptledger gates install --account"
        " migrator=p_migrator`), or forget it (`DELETE FROM database_accounts WHERE account = 'p_migrator@%'`)."
    ) in found
    assert "p_worker@% (worker) has CREATE USER on every schema too much." in found
    assert any(
        each.startswith("p_producer@% (producer) has a grant too much: GRANT SELECT ON `mysql`") for each in found
    )
    # A guard whose definer is gone refuses every write.
    assert len([each for each in found if "an account that does not exist" in each]) == 15
    other = named_account("migrator", f"{own.prefix}_second", "%")
    with Server.opened(own.url) as server:
        run_plan(server, plan(server, [other], {other.account: "x1"}))
    assert not [each for each in sentences(own) if "an account that does not exist" in each]
    own.root("INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (1, 'a', '', 1)")
    own.root(f"DROP USER '{own.prefix}_second'@'%'")
    own.root(f"DELETE FROM database_accounts WHERE account = '{other.account}'")
    own.install()
    assert not [each for each in sentences(own) if "exist" in each]


def test_a_second_installation_at_the_same_time_is_refused(own: InstalledLedger, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gates.database.accounts.server.LOCK_WAIT_SECONDS", 1)
    with Server.opened(own.url) as first, Server.opened(own.url) as second:
        first.lock_installation()
        with pytest.raises(NoAccounts, match="Another"):
            second.lock_installation()


def test_an_account_without_rights_is_refused_and_named(own: InstalledLedger):
    with Server.opened(own.url_of("migrator")) as server, pytest.raises(NoAccounts, match="administrator"):
        plan(server, [*own.accounts, named_account("ai", "a", "%")], {})


@pytest.mark.parametrize("role", ["worker", "application", "reader", "intake"])
def test_drift_says_which_tables_an_account_may_not_see(installed: InstalledLedger, role: str):
    changes, notes = own_drift(installed.url_of(role))

    assert changes == []
    assert any("no privilege to see" in note and "backfill_items" in note for note in notes) == (role != "worker")
    assert any("no privilege to see" in note and "user_passwords" in note for note in notes) == (role != "application")
    assert any("no privilege to see" in note and "script_log" in note for note in notes) == (role == "intake")


def test_an_upgrade_with_an_account_that_sees_less_is_refused_for_what_it_may_not_do(own: InstalledLedger):
    with open_engine(own.url) as engine:
        downgrade(engine, "0025")
    with open_engine(own.url_of("worker")) as engine, pytest.raises(pymysql.MySQLError, match="CREATE command denied"):
        upgrade(engine)
    with open_engine(own.url_of("migrator")) as engine:
        upgrade(engine)
        require_current(engine)


def test_a_table_in_use_ends_an_installation_soon_and_a_repeat_goes_on(
    own: InstalledLedger, monkeypatch: pytest.MonkeyPatch
):
    """A trigger that waits for its table would keep everyone else from it, too."""
    monkeypatch.setattr("gates.database.accounts.server.LOCK_WAIT_SECONDS", 1)
    own.root("DROP TRIGGER guard_script_commands_update")
    with own.connect("worker", autocommit=False) as connection:
        connection.cursor().execute("SELECT * FROM script_commands")
        with pytest.raises(NoAccounts, match="could not create the guard guard_script_commands_update: run this again"):
            own.install()

    assert own.install() == []
    assert sentences(own) == []


def test_limits_of_an_account_and_its_lock_are_left_as_they_are(own: InstalledLedger):
    """What an administrator does to stop an account."""
    name = f"'{own.name('producer')}'@'%'"
    own.root(f"ALTER USER {name} WITH MAX_USER_CONNECTIONS 1")
    with own.connect("producer"), pytest.raises(pymysql.MySQLError, match="max_user_connections"):
        own.connect("producer")
    own.root(f"ALTER USER {name} ACCOUNT LOCK")

    assert sentences(own) == []
    assert own.install() == []
    with pytest.raises(pymysql.MySQLError, match="locked"):
        own.connect("producer")


def test_the_accounts_of_one_database_have_no_rights_on_a_similar_name(mariadb: DatabaseServer, own: InstalledLedger):
    """An underscore in the target of a grant stands for any character."""
    similar = own.database.replace("_", "x", 1)
    mariadb.create_database(similar)
    try:
        with own.connect("migrator") as connection, connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            shown = {name for (name,) in cursor.fetchall()}
    finally:
        mariadb.execute(f"DROP DATABASE `{similar}`")

    assert own.database in shown
    assert similar not in shown
