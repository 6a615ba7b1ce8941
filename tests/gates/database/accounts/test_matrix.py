"""The matrix: way to read or write × group of tables × account, every cell run on a real server.

matrix.csv has the outcomes.

`yes` means that no layer of the gates refuses: the statement may still fail because a column is missing. The others
name the layer: `grant`, `guard` (a trigger) or `key` (a foreign key).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from sqlalchemy import Table

from domain.submissions.account_roles import ACCOUNT_ROLES
from gates.database.accounts.roles import TABLE_GROUPS, wanted_privileges
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.schema.core_tables import script_keyframes, script_versions
from repos.unit_of_work import UnitOfWork
from tests.gates.database.accounts.installed import InstalledLedger
from tests.gates.database.accounts.matrix import COLUMNS, ORPHANS, cells, outcome
from tests.gates.database.accounts.secret_reads import OF_PASSWORDS
from tests.services.databases import DatabaseServer

CHANGES = (
    *("update", "update without reading", "update by a join"),
    *("delete", "delete by a join", "replace", "truncate", "alter"),
)
READ_PASSWORDS = ("application", "backfill", "migrator")
FILE = Path(__file__).with_name("matrix.csv")


@pytest.fixture(scope="module")
def filled(mariadb: DatabaseServer) -> Iterator[InstalledLedger]:
    """A ledger with accounts, one script, a seal and a pending submission."""
    ledger = InstalledLedger(mariadb)
    ledger.send("producer", "s", author="user")
    with open_engine(ledger.url_of("worker")) as engine:
        Ledger(UnitOfWork(engine)).drain(1)
    ledger.root(
        "INSERT INTO script_seals (script_id, version_number, chain_hash, sealed_at) VALUES (1, 1, REPEAT('x', 32), 1)"
    )
    ledger.root(
        "INSERT IGNORE INTO script_keyframes (script_id, version_number, generation, state, state_hash)"
        " VALUES (1, 1, 1, '', REPEAT('x', 16))"
    )
    ledger.send("producer", "pending", author="user")
    ledger.root("INSERT INTO users (id, email, email_key, created_at) VALUES (1, 'a@b.example', 'a@b.example', 1)")
    ledger.root("INSERT INTO user_passwords VALUES (1, 'a hash')")
    with ledger.server.connect():  # whose statement others must not see
        yield ledger
    ledger.remove()


def expected(role: str) -> dict[tuple[str, str], str]:
    with FILE.open(newline="") as file:
        return {(row["way"], row["group"]): row[role] for row in csv.DictReader(file)}


def run(ledger: InstalledLedger, role: str) -> dict[tuple[str, str], str]:
    with ledger.connect(role) as connection:
        return {(way, group): outcome(connection, statements) for way, group, statements in cells()}


def test_the_matrix_has_every_group_and_role():
    assert set(COLUMNS) == set(TABLE_GROUPS)
    for role in ACCOUNT_ROLES:
        assert list(expected(role)) == [(way, group) for way, group, _ in cells()]


@pytest.mark.parametrize("table", [script_versions, script_keyframes])
def test_unique_keys_off_let_no_second_version_in(filled: InstalledLedger, table: Table):
    """Their guards read one variable only, so nothing else in these tables may depend on another one."""
    of_table = filled.root(
        "SELECT constraint_name, constraint_type FROM information_schema.table_constraints"
        f" WHERE table_schema = DATABASE() AND table_name = '{table.name}' ORDER BY 1"
    )
    assert {kind for _, kind in of_table} == {"FOREIGN KEY", "PRIMARY KEY"}
    assert {type(each).__name__ for each in table.constraints} == {"ForeignKeyConstraint", "PrimaryKeyConstraint"}
    assert table.indexes == set()
    with filled.connect("worker") as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION unique_checks = 0")
        assert cursor.execute(f"SELECT * FROM {table.name}")
        with pytest.raises(pymysql.err.IntegrityError, match="Duplicate entry"):
            cursor.execute(f"INSERT INTO {table.name} SELECT * FROM {table.name}")


@pytest.mark.parametrize("group", ORPHANS)
def test_no_form_of_an_insert_gets_round_a_guard(filled: InstalledLedger, group: str):
    """Each row is refused before it is written: a function that ignores errors would keep it."""
    orphan, off = ORPHANS[group], "SET SESSION foreign_key_checks = 0"
    table = TABLE_GROUPS[group][0]
    rows = filled.root(f"SELECT COUNT(*) FROM {table}")
    name = f"added_{group}"
    filled.root(
        f"CREATE FUNCTION {name}() RETURNS INT DETERMINISTIC MODIFIES SQL DATA"
        f" BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; {orphan}; RETURN 1; END"
    )
    is_mariadb = "MariaDB" in str(filled.root("SELECT VERSION()"))
    values = orphan.partition(" VALUES ")[2]
    forms = [
        orphan.replace("INSERT", "INSERT IGNORE", 1),
        f"{orphan}, {values}",
        orphan.replace(f"VALUES {values}", f"SELECT {values[1:-1]}"),
        f"{orphan} ON DUPLICATE KEY UPDATE script_id = 9",
        f"SET STATEMENT foreign_key_checks = 0 FOR {orphan}"
        if is_mariadb
        else orphan.replace("INSERT", "INSERT /*+ SET_VAR(foreign_key_checks = 0) */", 1),
    ]
    with filled.server.connect(database=filled.database) as connection, connection.cursor() as cursor:
        for place, form in enumerate(forms):
            before = off if place < len(forms) - 1 else "SET SESSION foreign_key_checks = 1"
            cursor.execute(before)
            with pytest.raises(pymysql.MySQLError, match="scriptledger guard: this session has turned "):
                cursor.execute(form)
        cursor.execute(off)
        cursor.execute(f"SELECT {name}()")
    assert filled.root(f"SELECT COUNT(*) FROM {table}") == rows


# The migrator comes last: what it may do stays done.
@pytest.mark.parametrize("role", ACCOUNT_ROLES)
def test_every_cell_of_the_matrix_is_as_written(filled: InstalledLedger, role: str):
    found, wanted = run(filled, role), expected(role)

    assert {cell: found[cell] for cell in found if found[cell] != wanted[cell]} == {}


@pytest.mark.parametrize("role", [role for role in ACCOUNT_ROLES if role != "migrator"])
def test_no_account_but_the_migrators_changes_what_was_written(role: str):
    outcomes = expected(role)

    for group in ("commands", "answers", "seals"):
        for way in (
            "update",
            "update without reading",
            "update by a join",
            "delete",
            "delete by a join",
            "replace",
            "truncate",
            "alter",
        ):
            assert outcomes[way, group] == "grant", (way, group)
    for group in ORPHANS:
        assert outcomes["insert without its command", group] in ("grant", "key")
        assert outcomes["insert with foreign keys off", group] in ("grant", "guard")


def test_no_grant_is_on_columns_that_are_read():
    """Such a grant withholds nothing: a handler reads whole rows with it, on both servers."""
    for role in ACCOUNT_ROLES:
        assert [each for each in wanted_privileges(role) if each.name == "SELECT" and each.column] == []
        outcomes = expected(role)
        for group in TABLE_GROUPS:
            ways = ("select", "read whole rows", "read by a handler")[: 2 if group == "log_view" else 3]
            assert len({outcomes[way, group] for way in ways}) == 1, (role, group)


@pytest.mark.parametrize("role", [role for role in ACCOUNT_ROLES if role not in READ_PASSWORDS])
def test_an_account_without_a_grant_learns_nothing_of_passwords(role: str):
    found = {way: outcome for (way, group), outcome in expected(role).items() if group == "passwords"}

    assert set(found) > set(OF_PASSWORDS)
    assert set(found.values()) == {"grant"}


def test_a_histogram_of_a_secret_is_hidden(filled: InstalledLedger):
    """MySQL shows histograms, with values, to accounts that may read the column; MariaDB to none."""
    if "MariaDB" in str(filled.root("SELECT VERSION()")):
        filled.root("ANALYZE TABLE user_passwords PERSISTENT FOR ALL")
        shown = "SELECT * FROM mysql.column_stats WHERE table_name = 'user_passwords'"
    else:
        filled.root("ANALYZE TABLE user_passwords UPDATE HISTOGRAM ON password")
        shown = "SELECT * FROM information_schema.column_statistics WHERE table_name = 'user_passwords'"
    assert filled.root(shown)
    for role in ACCOUNT_ROLES:
        if role not in READ_PASSWORDS:
            with filled.connect(role) as connection:
                assert outcome(connection, (shown,)) == "grant"


def test_no_account_ends_a_connection_of_another(filled: InstalledLedger):
    with filled.server.connect() as connection:
        for role in ACCOUNT_ROLES:
            with filled.connect(role) as own, pytest.raises(pymysql.MySQLError, match="not owner"):
                own.cursor().execute(f"KILL {connection.thread_id()}")
        connection.ping(reconnect=False)


@pytest.mark.parametrize("group", ORPHANS)
def test_a_session_with_any_one_check_off_adds_nothing_to_the_log(filled: InstalledLedger, group: str):
    names = ("foreign_key_checks", "unique_checks", "check_constraint_checks")
    marks = ", ".join(f"'{name}'" for name in names)
    variables = [name for name, _ in filled.root(f"SHOW VARIABLES WHERE Variable_name IN ({marks})")]
    assert len(variables) >= 2  # MySQL cannot turn its checks off
    for name in variables:
        # Versions and keyframes have neither a check nor a second unique key, so that the key refuses.
        layer = "guard" if group == "commands" or name == "foreign_key_checks" else "key"
        with filled.connect("worker") as connection:
            assert outcome(connection, (f"SET SESSION {name} = 0", ORPHANS[group])) == layer, name
            assert outcome(connection, (f"SET SESSION {name} = 1", ORPHANS[group])) == "key", name


def test_a_guard_refuses_what_a_grant_too_much_allows(own: InstalledLedger):
    """Without the layer of the grants the next one refuses, and the status is red."""
    fill(own)
    for table in ("script_commands", "script_versions", "submissions"):
        own.root(f"GRANT UPDATE, DELETE ON {table} TO '{own.name('worker')}'@'%'")
    with own.connect("worker") as connection:
        for table, column in (
            ("script_commands", "kind"),
            ("script_versions", "line_count"),
            ("submissions", "reason"),
        ):
            assert outcome(connection, (f"UPDATE {table} SET {column} = {column}",)) == "guard"
            assert outcome(connection, (f"DELETE FROM {table}",)) == "guard"


def test_a_grant_refuses_what_no_guard_does(own: InstalledLedger):
    """Without the layer of the guards the grants refuse; with neither, the foreign keys keep what they can."""
    fill(own)
    for name in ("c", "v", "script_commands_update", "script_commands_delete", "script_versions_delete"):
        own.root(f"DROP TRIGGER guard_{name}")
    with own.connect("worker") as connection:
        assert outcome(connection, ("UPDATE script_commands SET kind = kind",)) == "grant"
        assert outcome(connection, ("DELETE FROM script_commands",)) == "grant"
        assert outcome(connection, (ORPHANS["versions"],)) == "key"
        assert outcome(connection, ("SET SESSION foreign_key_checks = 0", ORPHANS["versions"])) == "yes"
    with own.server.connect(database=own.database) as connection:
        assert outcome(connection, ("DELETE FROM script_commands",)) == "key"


def test_a_rebuild_may_remove_versions_of_another_generation_only(own: InstalledLedger):
    fill(own)
    own.root(
        "INSERT INTO script_versions (script_id, version_number, generation, delta, state_hash, line_count)"
        " VALUES (1, 1, 9, '', REPEAT('x', 16), 0)"
    )
    with own.connect("worker") as connection:
        assert outcome(connection, ("DELETE FROM script_versions WHERE generation = 9",)) == "yes"
        assert outcome(connection, ("DELETE FROM script_versions WHERE generation <> 9",)) == "guard"


def fill(ledger: InstalledLedger) -> None:
    ledger.send("producer", "s", author="user")
    with open_engine(ledger.url_of("worker")) as engine:
        Ledger(UnitOfWork(engine)).drain(1)
