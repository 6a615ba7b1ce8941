"""Two accounts of one person: the mapping merges one into the other, and what belongs to it goes to the one kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backfill.checks import ownership
from backfill.domains.base import Counts
from backfill.mapping import model
from backfill.mapping.fit import problems
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import ColumnRule, RowDecision
from backfill.mapping.row_names import names
from backfill.scanning.decided_rows import decisions_without_a_row
from backfill.scanning.merged_users import Merge, merges_of
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import ScriptDatabase, add_script, everything_is_counted, lines
from tests.materialization.writer import Clock

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, username TEXT, passwordHash TEXT, created_at TEXT,
  deletedAt TEXT);
INSERT INTO users VALUES (1, 'ben@example.com', 'ben', 'h1', '2020-01-01 00:00:00', NULL),
  (3, 'ANA@example.com', 'old ana', 'h3', '2020-01-03 00:00:00', NULL),
  (7, 'ana@example.com', 'ana', 'h7', '2020-01-07 00:00:00', NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER, token TEXT, expires_at TEXT, created_at TEXT);
INSERT INTO sessions VALUES (1, 3, 'one', '2099-01-01 00:00:00', '2020-02-01 00:00:00'),
  (2, 7, 'two', '2099-01-01 00:00:00', '2020-02-01 00:00:00');
CREATE TABLE chat_history (id INTEGER PRIMARY KEY, user_id INTEGER, script_id INTEGER, type TEXT, content TEXT,
  timestamp TEXT);
INSERT INTO chat_history VALUES (1, 3, 70, 'user', 'Of the kept one', '2020-02-01 00:00:00'),
  (2, 7, 30, 'user', 'Of the merged one', '2020-02-02 00:00:00');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, userId INTEGER, title TEXT, status TEXT, content TEXT, createdAt TEXT,
  updatedAt TEXT, versionNumber INTEGER, deletedAt TEXT);
CREATE TABLE script_versions (id INTEGER PRIMARY KEY, scriptId INTEGER, versionNumber INTEGER, content TEXT,
  createdAt TEXT, createdBy INTEGER);
CREATE TABLE personas (id INTEGER PRIMARY KEY, description TEXT, script_id INTEGER, user_id INTEGER, created_at TEXT);
INSERT INTO personas VALUES (1, 'A wry narrator', 30, 3, '2020-02-01 00:00:00');
"""


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    database = ScriptDatabase(tmp_path, ledger, Clock(), tables=TABLES)
    add_script(database, 30, owner=7)
    add_script(database, 70, owner=3)
    database.add("script_versions", (1, 30, 1, lines("FADE IN:"), "2021-02-01 10:00:00", 3))
    database.add("script_versions", (2, 70, 1, lines("EXT. PIER"), "2021-02-01 10:00:00", 7))
    return database


def decided(legacy: ScriptDatabase, *decisions: RowDecision) -> None:
    legacy.change_rule("users", decisions=decisions)


def merge(user: Any = 3, into: Any = 7) -> RowDecision:
    return RowDecision(code="L14", key=(user,), do="merge", to=into)


@pytest.mark.parametrize(("user", "kept"), [(3, 7), pytest.param(7, 3, marks=pytest.mark.slow)])
def test_what_belongs_to_a_merged_account_goes_to_the_one_kept(legacy: ScriptDatabase, user: int, kept: int) -> None:
    decided(legacy, merge(user, kept))

    counts = legacy.run()

    assert counts["users"] == Counts(migrated=2, merged=1)
    assert everything_is_counted(legacy, counts)
    assert legacy.quarantined() == []
    with legacy.unit_of_work.reading() as tx:
        assert [row.id for row in tx.users.read(limit=10)] == [1, kept]
        assert {session.user_id for session in tx.bulk_accounts.get_sessions([1, 2]).values()} == {kept}
        assert len(list(tx.chat.of_user(kept))) == 2
        scripts = [tx.scripts.get(number) for number in (30, 70)]
        merged = tx.legacy_rows.get("users", f'[{user},"repaired"]')
    assert [script.user_id for script in scripts if script is not None] == [kept, kept]
    actors = {actor for script in (30, 70) for table, *_, actor in legacy.origins(script) if table != "scripts"}
    assert actors == {str(kept)}
    assert merged is not None
    assert "xample.com" in merged
    assert "passwordHash" not in merged

    found = legacy.certificate()
    assert found.problems == []
    assert next(law.merged for law in found.tables if law.name == "users") == 1


def test_a_scan_takes_both_accounts_for_one_person(legacy: ScriptDatabase) -> None:
    assert {"L06", "L14", "L27"} <= {each.code for each in legacy.findings()}

    decided(legacy, merge())

    found = [each for each in legacy.findings() if each.code in ("L06", "L14", "L27")]
    assert [(each.code, each.key, each.decision) for each in found] == [("L14", "3", "repair"), ("L14", "7", "report")]


def test_a_scan_reads_the_merges_of_a_table_once(legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [(number, f"Bea{number % 20}@example.com", "", "", "2020-01-01", None) for number in range(100, 140)]
    legacy.add("users", *accounts)
    decided(legacy, *(merge(number, number + 20) for number in range(100, 120)))
    reads: list[str] = []

    def counted(table: MappedTable) -> list[Merge]:
        reads.append(table.name)
        return merges_of(table)

    monkeypatch.setattr(ownership, "merges_of", counted)
    found = [each for each in legacy.findings() if each.code == "L14"]

    assert len([each for each in found if each.decision == "report"]) == 20
    assert reads == ["users"]


def test_decisions_of_many_accounts_are_not_compared_with_each_user(
    legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [(number, f"Bea{number % 20}@example.com", "", "", "2020-01-01", None) for number in range(100, 140)]
    legacy.add("users", *accounts)
    decided(legacy, merge(), *(merge(number, number + 20) for number in range(100, 120)))
    compared: list[tuple[Any, ...]] = []

    def counted(named: tuple[str | int, ...], key: tuple[Any, ...]) -> bool:
        compared.append(key)
        return names(named, key)

    monkeypatch.setattr(model, "names", counted)

    assert legacy.run()["users"] == Counts(migrated=22, merged=21)

    assert len(compared) < 21


def test_another_run_writes_nothing_and_brings_changes(legacy: ScriptDatabase) -> None:
    decided(legacy, merge())
    legacy.run()
    legacy.sql("UPDATE users SET username = 'older ana' WHERE id = 3")
    assert ("users", "3", "the row changed in the source since it was brought over") in [
        (each.table, each.key, each.sentence) for each in legacy.certificate().problems
    ]

    assert legacy.run()["users"] == Counts(migrated=2, merged=1)

    assert legacy.certificate().problems == []


def test_a_user_who_came_over_before_is_not_merged_later(legacy: ScriptDatabase) -> None:
    decided(legacy, RowDecision(code="L14", key=(3,), do="repair"), RowDecision(code="L14", key=(7,), do="accept"))
    legacy.run()

    decided(legacy, merge())
    legacy.run()

    assert ("users", "[3]", "came_alone") in [
        (row.source_table, row.source_key, row.code) for row in legacy.quarantined()
    ]
    assert ("users", "3") in [(each.table, each.key) for each in legacy.certificate().problems]


def test_a_merge_is_not_taken_back_later_nor_written_over_the_one_kept(legacy: ScriptDatabase) -> None:
    decided(legacy, merge())
    legacy.run()

    decided(legacy, RowDecision(code="L14", key=(3,), do="repair"), RowDecision(code="L14", key=(7,), do="accept"))
    legacy.sql("UPDATE users SET username = 'older ana' WHERE id = 3")
    legacy.run()

    assert ("[3]", "merged_before") in [(row.source_key, row.code) for row in legacy.quarantined()]
    with legacy.unit_of_work.reading() as tx:
        kept = tx.bulk_accounts.get_users([7])[7]
    assert (kept.email, kept.name) == ("ana@example.com", "ana")
    assert legacy.certificate().problems != []


@pytest.mark.parametrize(
    ("into", "sql", "reason"),
    [
        (1, "", "has another e-mail address"),
        pytest.param(
            *(7, "DELETE FROM users WHERE id = 7", "does not exist, or did not come over"), marks=pytest.mark.slow
        ),
        (7, "UPDATE users SET deletedAt = '2020-02-02 00:00:00' WHERE id = 7", "was deleted"),
        (
            7,
            "INSERT INTO users VALUES (9, 'ána@example.com', '', '', '2020-01-09', NULL)",
            "did not come over",
        ),
    ],
)
def test_an_account_is_set_aside_if_it_does_not_fit_the_one_named(
    legacy: ScriptDatabase, into: int, sql: str, reason: str
) -> None:
    decided(legacy, merge(3, into))
    legacy.decide(L14="quarantine")
    legacy.sql(sql)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    [row] = [row for row in legacy.quarantined() if (row.source_table, row.source_key) == ("users", "[3]")]
    assert row.code == "L14"
    assert reason in row.reason
    assert [each for each in legacy.certificate().problems if each.check != "decisions"] == []


@pytest.mark.parametrize(
    ("decisions", "problem"),
    [
        ([merge(3, 3)], "cannot be merged into itself"),
        ([merge(3, "3")], "cannot be merged into itself"),
        ([merge(3, 7), merge(7, 1)], "about which the mapping decides 'merge'"),
        ([merge(3, 7), RowDecision(code="L14", key=(7,), do="skip", reason="old")], "decides 'skip'"),
        ([RowDecision(code="L29", key=(3,), do="merge", to=7)], "has no 'merge' for L29"),
        ([merge(3, 7), RowDecision(code="L14", key=(7,), do="accept")], ""),
    ],
)
def test_a_merge_that_means_nothing_is_refused(
    legacy: ScriptDatabase, decisions: list[RowDecision], problem: str
) -> None:
    decided(legacy, *decisions)
    with open_source(f"sqlite:///{legacy.file}") as source:
        catalog = read_catalog(source)
        found = [each.sentence for each in problems(legacy.mapping(catalog), catalog)]

    assert any(problem in each for each in found) if problem else found == []


def test_a_merge_into_no_row_is_named(legacy: ScriptDatabase) -> None:
    decided(legacy, merge(3, 99))
    with open_source(f"sqlite:///{legacy.file}") as source:
        catalog = read_catalog(source)
        found = list(decisions_without_a_row(source, catalog, legacy.mapping(catalog)))

    assert found == ["users: the decision on the row [3] names a user that is kept, 99, and the table has no such row."]


def test_accounts_with_text_keys_are_merged(tmp_path: Path, ledger: UnitOfWork) -> None:
    tables = """
    CREATE TABLE users (id VARCHAR(36) PRIMARY KEY, email TEXT, created_at TEXT);
    INSERT INTO users VALUES ('u-b', 'ana@example.com', '2020-01-01 00:00:00'),
      ('u-a', 'Ana@example.com', '2020-01-02 00:00:00');
    CREATE TABLE scripts (id INTEGER PRIMARY KEY, userId VARCHAR(36), title TEXT, content TEXT, createdAt TEXT);
    INSERT INTO scripts VALUES (5, 'u-a', 'The Ferry', 'FADE IN:', '2020-02-01 00:00:00');
    """
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), tables=tables)
    legacy.change_rule("users", keys="assigned", decisions=(merge("u-a", "u-b"),))

    assert legacy.run() == {"users": Counts(migrated=1, merged=1), "scripts": Counts(migrated=1)}

    assert legacy.certificate().problems == []


def test_accounts_of_two_tables_with_one_address_are_named_by_their_tables(legacy: ScriptDatabase) -> None:
    legacy.sql(
        "CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT)",
        "INSERT INTO members VALUES (1, 'other@example.com', '2020-01-01'), (2, 'Ben@example.com', '2020-01-02'), "
        "(7, 'BEN@example.com', '2020-01-03')",
    )
    columns = {"id": ColumnRule(to="id"), "email": ColumnRule(to="email"), "created_at": ColumnRule(drop="a test")}
    legacy.change_rule("members", becomes="users", columns=columns)
    decided(legacy, merge(7, 3))

    found = [(each.table, each.key, each.note, each.decision) for each in legacy.findings() if each.code == "L14"]

    assert sorted(each[:2] for each in found) == [
        ("members", "2"),
        ("members", "7"),
        ("users", "1"),
        ("users", "3"),
        ("users", "7"),
    ]
    groups = {note for table, key, note, _ in found if table == "members" or key == "1"}
    assert len(groups) == 1
    assert groups.pop().endswith("of 3")
    assert {key: decision for table, key, _, decision in found if table == "users"}["3"] == "report"
