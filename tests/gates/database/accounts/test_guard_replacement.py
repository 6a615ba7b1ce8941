"""Guards that differ are replaced so that no table is without one; those that a server does not allow are named."""

from __future__ import annotations

from sqlalchemy import make_url

from gates.database.accounts.install import run_plan
from gates.database.accounts.plan import named_account, plan
from gates.database.accounts.server import Server
from gates.database.accounts.triggers import guards
from gates.database.own_drift import own_drift
from tests.gates.database.accounts.installed import InstalledLedger, sentences

CHECKED = ("script_commands", "script_versions", "script_keyframes")
EVENTS = {"INSERT", "UPDATE", "DELETE"}


def test_a_server_that_allows_no_trigger_gets_the_accounts_and_the_gap_is_named(own: InstalledLedger):
    own.root("DROP TRIGGER guard_script_commands_update")
    installer, password = f"{own.prefix}_installer", "x1"
    own.root(f"CREATE USER '{installer}'@'%' IDENTIFIED BY '{password}'")
    try:
        own.root(
            f"GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON `{own.database}`.* TO '{installer}'@'%' WITH GRANT OPTION"
        )
        own.root(f"GRANT CREATE USER ON *.* TO '{installer}'@'%'")
        own.root(f"GRANT SELECT ON mysql.* TO '{installer}'@'%'")
        url = make_url(own.url).set(username=installer, password=password).render_as_string(hide_password=False)
        with Server.opened(url) as server:
            steps = [step for step in plan(server, own.accounts, {}) if step.guard == "guard_script_commands_update"]
            gaps = run_plan(server, steps)
        # It may create triggers that run as itself, for whose name no other is taken.
        own.root(f"GRANT TRIGGER ON `{own.database}`.* TO '{installer}'@'%'")
        named = [named_account("migrator", f"{own.prefix} chief", "%")]
        with Server.opened(url) as server:
            [step] = [each for each in plan(server, named, {}) if each.guard == "guard_script_commands_update"]
            assert run_plan(server, [step]) == []
            assert server.guard_triggers()[step.guard].definer == f"{installer}@%"
    finally:
        own.root(f"DROP USER '{installer}'@'%'")

    assert len(gaps) == 1
    assert gaps[0].startswith("The server did not create guard_script_commands_update (1142")


def test_guards_of_an_earlier_version_are_named_and_removed_once_the_new_ones_hold(own: InstalledLedger):
    with Server.opened(own.url) as server:
        current = {guard.name: guard for guard in guards(is_mariadb=server.is_mariadb)}
    for old, new in (("guard_script_commands_insert", "guard_c"), ("guard_script_versions_insert", "guard_v")):
        own.root(f"DROP TRIGGER {new}")
        own.root(f"CREATE {current[new]._replace(name=old).sql}")
    own.root("DROP TRIGGER guard_script_commands_update")
    own.root("CREATE TRIGGER guard_script_commands_update AFTER UPDATE ON script_commands FOR EACH ROW SET @a = 1")
    own.root("DROP TRIGGER guard_script_seals_update")
    own.root("CREATE TRIGGER guard_script_seals_update BEFORE UPDATE ON script_lines FOR EACH ROW SET @a = 1")

    assert sorted(sentences(own)) == [
        "The guard guard_c is missing: `scriptledger gates install`.",
        "The guard guard_script_commands_insert was replaced by guard_c: `scriptledger gates install` removes it.",
        "The guard guard_script_commands_update was changed: `scriptledger gates install`.",
        "The guard guard_script_seals_update was changed: `scriptledger gates install`.",
        "The guard guard_script_versions_insert was replaced by guard_v: `scriptledger gates install` removes it.",
        "The guard guard_v is missing: `scriptledger gates install`.",
    ]
    with Server.opened(own.url) as server:
        steps = plan(server, own.accounts, {})
        assert own_drift(own.url)[0] == []
        for step in steps:
            run_plan(server, [step])
            # At no time is a table that was guarded without a guard.
            found = server.guard_triggers()
            assert {found[name].table for name in found if found[name].event == "INSERT"} >= set(CHECKED), step
            assert {each.event for each in found.values() if each.table == "script_commands"} == EVENTS, step
    assert sentences(own) == []
    assert own.install() == []


def test_an_old_guard_stays_where_the_server_allows_no_new_one(own: InstalledLedger):
    with Server.opened(own.url) as server:
        [guard] = [each for each in guards(is_mariadb=server.is_mariadb) if each.name == "guard_c"]
    own.root("DROP TRIGGER guard_c")
    own.root(f"CREATE {guard._replace(name='guard_script_commands_insert').sql}")
    with Server.opened(own.url) as server:
        steps = plan(server, own.accounts, {})
    # This account may not create triggers.
    with Server.opened(own.url_of("worker")) as server:
        [gap] = run_plan(server, steps)

    assert gap.startswith("The server did not create guard_c (1142")
    assert "guard_script_commands_insert" in {name for (name, *_) in own.root("SHOW TRIGGERS")}
