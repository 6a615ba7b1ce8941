"""Checks of a database server: one thing changed in facts that are fine, and the finding about it."""

from __future__ import annotations

from typing import Any

import pytest

from gates.database.accounts.held_privileges import HeldPrivileges, readable_tables
from gates.database.accounts.roles import GRANTS, Privilege, wanted_privileges
from repos.schema.contents import Contents
from repos.server_checks.declared_objects import declared_tables
from repos.server_checks.held_locks import HeldLocks, OpenTransaction
from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Result
from workers.checks.registry import checks_of, examine

VARIABLES = {
    "autocommit": "ON",
    "binlog_format": "ROW",
    "character_set_client": "utf8mb4",
    "character_set_connection": "utf8mb4",
    "character_set_database": "utf8mb4",
    "character_set_results": "utf8mb4",
    "check_constraint_checks": "ON",
    "collation_database": "utf8mb4_0900_ai_ci",
    "foreign_key_checks": "ON",
    "innodb_doublewrite": "ON",
    "innodb_flush_log_at_trx_commit": "1",
    "innodb_read_only": "OFF",
    "log_bin": "ON",
    "max_allowed_packet": str(64 << 20),
    "max_connections": "151",
    "read_only": "OFF",
    "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES",
    "super_read_only": "OFF",
    "sync_binlog": "1",
    "transaction_isolation": "READ-COMMITTED",
    "wait_timeout": "28800",
}
FINE = ServerFacts(
    database_url="mysql+pymysql://ledger:hidden-word@db/ledger",
    version="8.4.0",
    account="ledger@%",
    client_host="10.0.0.7",
    account_role="worker",
    database="ledger",
    variables=VARIABLES,
    status={"ssl_cipher": "TLS_AES_256_GCM_SHA384", "threads_connected": "12"},
    grants=("GRANT USAGE ON *.* TO `ledger`@`%`", "GRANT ALL PRIVILEGES ON `ledger`.* TO `ledger`@`%`"),
    clock_ahead=0.2,
    contents=Contents(tables=declared_tables(), views={"script_log": frozenset()}),
    problem=None,
)


HELD = OpenTransaction(17, "ann@db2", 40, idle=True)
PREPARED = OpenTransaction(0, "?@?", 40, idle=False)


def changed(**fields: Any) -> ServerFacts:
    variables = {**VARIABLES, **fields.pop("variables", {})}
    status = {**FINE.status, **fields.pop("status", {})}
    return FINE._replace(variables={name: value for name, value in variables.items() if value}, status=status, **fields)


def results(facts: ServerFacts) -> list[Result]:
    return list(examine("database", facts))


def test_a_server_as_it_should_be_is_fine_in_every_check():
    assert {result.finding.level for result in results(FINE)} == {"fine"}
    assert len(results(FINE)) == len(checks_of("database")) >= 11


SERVERS = [
    ("writes", "fault", "takes no writes", {"problem": "the database takes no writes: read-only"}),
    ("writes", "fault", "schema 0001", {"problem": "the database is at schema 0001, this program needs 0022"}),
    ("writes", "fault", "all the same", {"variables": {"read_only": "ON"}}),
    ("writes", "fault", "all the same", {"variables": {"super_read_only": "ON"}}),
    ("packet", "warning", "4 MiB", {"variables": {"max_allowed_packet": str(4 << 20)}}),
    ("packet", "fault", "512 KiB", {"variables": {"max_allowed_packet": str(512 << 10)}}),
    ("packet", "warning", "does not say", {"variables": {"max_allowed_packet": ""}}),
    ("binary_log", "fault", "1665", {"variables": {"binlog_format": "STATEMENT"}}),
    ("binary_log", "warning", "no binary log", {"variables": {"log_bin": "OFF"}}),
    ("durability", "warning", "trx_commit is 2", {"variables": {"innodb_flush_log_at_trx_commit": "2"}}),
    ("durability", "warning", "sync_binlog is 0", {"variables": {"sync_binlog": "0"}}),
    ("durability", "warning", "doublewrite is OFF", {"variables": {"innodb_doublewrite": "OFF"}}),
    ("session", "fault", "REPEATABLE-READ", {"variables": {"transaction_isolation": "REPEATABLE-READ"}}),
    ("session", "fault", "strict", {"variables": {"sql_mode": "ANSI_QUOTES"}}),
    ("session", "fault", "foreign_key_checks", {"variables": {"foreign_key_checks": "OFF"}}),
    ("session", "fault", "check_constraint_checks", {"variables": {"check_constraint_checks": "OFF"}}),
    ("charset", "fault", "character_set_client is latin1", {"variables": {"character_set_client": "latin1"}}),
    ("charset", "fault", "character_set_results is utf8mb3", {"variables": {"character_set_results": "utf8mb3"}}),
    ("charset", "warning", "latin1", {"variables": {"character_set_database": "latin1"}}),
    ("clock", "warning", "5 s ahead of", {"clock_ahead": 5.0}),
    ("clock", "fault", "90 s behind", {"clock_ahead": -90.0}),
    ("connections", "warning", "150 of the 151", {"status": {"threads_connected": "150"}}),
    ("connections", "warning", "wait_timeout is 60 s", {"variables": {"wait_timeout": "60"}}),
    ("encryption", "warning", "not encrypted", {"status": {"ssl_cipher": ""}}),
    ("grants", "fault", "DELETE on", {"grants": ("GRANT SELECT, INSERT, UPDATE ON `ledger`.* TO `l`@`%`",)}),
    ("grants", "fault", "DELETE on", {"grants": ("GRANT USAGE ON *.* TO `l`@`%`", "GRANT `writers` TO `l`@`%`")}),
    ("locks", "warning", "connection 17 of ann@db2 has a transaction of 40 s", {"locks": HeldLocks((HELD,))}),
    ("locks", "fault", "script 3, 7 wait for a lock: connection 17", {"locks": HeldLocks((HELD,), (3, 7))}),
    (
        "locks",
        "fault",
        "script 3 wait for a lock: a prepared transaction (XA)",
        {"locks": HeldLocks((PREPARED,), (3,))},
    ),
    ("locks", "fault", "may not see who holds it", {"locks": HeldLocks(None, (3,))}),
    ("locks", "fault", "just took", {"locks": HeldLocks((), (3,))}),
    ("objects", "warning", "script_log", {"contents": Contents(tables=declared_tables())}),
]


@pytest.mark.parametrize(("check", "level", "words", "fields"), SERVERS, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_one_finding_with_what_to_change(check: str, level: str, words: str, fields: dict[str, Any]):
    found = [result for result in results(changed(**fields)) if result.finding.level != "fine"]

    assert [result.check for result in found] == [check]
    [(_, _, finding)] = found
    assert finding.level == level
    assert words in finding.sentence
    assert finding.sentence.endswith(".")
    assert finding.change.endswith(".")


def test_missing_objects_are_named_if_the_account_may_read_them():
    tables = {name: columns for name, columns in declared_tables().items() if name != "script_seals"}
    tables["script_heads"] = tables["script_heads"] - {"health"}
    lacking = changed(contents=Contents(tables=tables, views=FINE.contents.views))
    found = {result.check: result.finding for result in results(lacking)}

    assert found["objects"].sentence == "The database lacks script_heads.health, script_seals."
    unseen = lacking._replace(grants=("GRANT SELECT ON `ledger`.`users` TO `l`@`%`",))
    assert {result.check: result.finding.level for result in results(unseen)}["objects"] == "fine"


def test_a_local_connection_needs_no_encryption():
    local = changed(status={"ssl_cipher": ""}, client_host="localhost")

    assert {result.finding.level for result in results(local)} == {"fine"}


def test_no_finding_and_no_error_shows_the_password():
    for *_, fields in SERVERS:
        assert "hidden-word" not in str(results(changed(**fields)))
    assert "hidden-word" not in repr(FINE)


@pytest.mark.parametrize(
    "lines",
    [
        ["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"],
        ["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED BY PASSWORD '*00' WITH GRANT OPTION"],
        ["GRANT SELECT, INSERT, UPDATE, DELETE ON `led\\_ger`.* TO `l`@`%`"],
        ["GRANT SELECT, INSERT, UPDATE, DELETE ON `led_ger`.* TO `l`@`%`"],
        ["GRANT ALL PRIVILEGES ON `led%`.* TO `l`@`%` WITH GRANT OPTION"],
        ["GRANT ALL PRIVILEGES ON `l_d\\_%`.* TO `l`@`%`"],
        ["GRANT ALL PRIVILEGES ON `%`.* TO `l`@`%`"],
    ],
)
@pytest.mark.parametrize("role", [role for role in GRANTS if role != "migrator"])
def test_larger_grants_cover_what_a_role_needs(lines: list[str], role: str):
    held = HeldPrivileges(lines, "led_ger")

    assert [each for each in wanted_privileges(role) if not held.covers(each)] == []


@pytest.mark.parametrize("name", ["other", "ledge", "ledger2", "ledger_", "ledger\\_%", "led\\%", "l.*r"])
def test_grants_on_another_schema_or_on_columns_do_not_cover(name: str):
    held = HeldPrivileges(
        [f"GRANT ALL PRIVILEGES ON `{name}`.* TO `l`@`%`", "GRANT SELECT (id) ON `ledger`.`users` TO `l`@`%`"], "ledger"
    )

    assert held.covers(Privilege("SELECT", "users", "id"))
    assert not held.covers(Privilege("SELECT", "users"))
    assert not held.covers(Privilege("INSERT", "submission_inbox"))


def test_a_table_is_readable_when_every_column_is():
    lines = ["GRANT SELECT (id) ON `ledger`.`users` TO `l`@`%`", "GRANT SELECT ON `ledger`.`scripts` TO `l`@`%`"]

    assert readable_tables(lines, "ledger", ["users", "scripts", "sessions"]) == {"scripts"}


@pytest.mark.parametrize(
    ("transactions", "kills", "is_recovered"),
    [((HELD,), True, False), ((PREPARED,), False, True), ((HELD, PREPARED), True, True)],
)
def test_a_transaction_is_ended_by_what_ends_it(
    transactions: tuple[OpenTransaction, ...], kills: bool, is_recovered: bool
):
    [change] = [
        result.finding.change
        for result in examine("database", changed(locks=HeldLocks(transactions, (3,))))
        if result.check == "locks"
    ]

    assert ("`KILL 17`" in change, "XA RECOVER" in change) == (kills, is_recovered)
    assert "KILL 0" not in change
