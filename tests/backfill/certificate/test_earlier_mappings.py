"""A mapping that changed after rows came over: no certificate claims the new one for them, and it says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backfill.certificate.earlier_mappings import changed_rules
from backfill.mapping.model import ColumnRule, RowDecision
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, add_script, lines
from tests.backfill.runs.backfill_setup import copied_ledger
from tests.materialization.writer import Clock

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, username TEXT, created_at TEXT);
INSERT INTO users VALUES (1, 'ada@example.com', 'Ada', '2020-01-01 00:00:00');
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER, token TEXT, expires_at TEXT, created_at TEXT);
INSERT INTO sessions VALUES (1, 1, 'one', '2099-01-01 00:00:00', '2020-02-01 00:00:00');
CREATE TABLE chat_history (id INTEGER PRIMARY KEY, user_id INTEGER, script_id INTEGER, type TEXT, content TEXT,
  timestamp TEXT);
INSERT INTO chat_history VALUES (1, 1, NULL, 'user', 'Hello', '2020-02-01 00:00:00');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, userId INTEGER, title TEXT, status TEXT, content TEXT, createdAt TEXT,
  updatedAt TEXT, versionNumber INTEGER, deletedAt TEXT);
CREATE TABLE notes (id INTEGER PRIMARY KEY, words TEXT, colour TEXT);
INSERT INTO notes VALUES (1, 'a', 'red'), (2, 'b', NULL);
"""
SESSIONS = ("id", "user_id", "token", "expires_at", "created_at")
DROPPED = {"colour": ColumnRule(drop="not needed")}
CREATED_LATER = ColumnRule(to="created_at", time_zone="-06:00")


@pytest.fixture
def ledger(tmp_path: Path, empty_ledger: Path) -> Iterator[UnitOfWork]:
    with open_engine(copied_ledger(empty_ledger, tmp_path / "ledger.db")) as engine:
        yield UnitOfWork(engine)


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    database = ScriptDatabase(tmp_path, ledger, Clock(), tables=TABLES)
    add_script(database, content=lines("FADE IN:"), updatedAt=DAY.format(2))
    database.run()
    assert database.certificate().problems == []
    return database


def problems(legacy: ScriptDatabase) -> list[tuple[str, str]]:
    legacy.run()
    return [(each.table, each.sentence) for each in legacy.certificate().problems]


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("sessions", "1 row came over as sessions by an earlier mapping, and by this one does not"),
        pytest.param(
            "chat_history",
            "1 row came over as chat messages by an earlier mapping, and by this one does not",
            marks=pytest.mark.slow,
        ),
        ("notes", "the ledger keeps 2 rows by an earlier mapping, and by this one none"),
    ],
)
def test_a_table_that_is_dropped_later_is_named(legacy: ScriptDatabase, table: str, named: str) -> None:
    legacy.change_rule(table, becomes=None, drop="not needed", columns={})

    first, *others = problems(legacy)

    assert first == (
        table,
        "the mapping of the table changed since run 1: rows that came over by the earlier one stay as they are, and "
        "only an empty ledger follows it",
    )
    assert (table, f"{named}: only an empty ledger follows it") in others


@pytest.mark.slow
def test_a_table_that_becomes_something_else_later_is_named(legacy: ScriptDatabase) -> None:
    kept = {name: ColumnRule(keep=True) for name in SESSIONS}
    legacy.change_rule("sessions", becomes="legacy_rows", columns=kept)

    assert any("came over as sessions" in sentence for _, sentence in problems(legacy))


def test_rows_that_the_new_mapping_would_write_otherwise_are_named(legacy: ScriptDatabase) -> None:
    user = {"id": ColumnRule(to="id"), "email": ColumnRule(to="email"), "username": ColumnRule(to="name")}
    legacy.change_rule("users", columns={**user, "created_at": CREATED_LATER})

    found = problems(legacy)

    assert [table for table, _ in found] == ["users", "users"]
    assert "the mapping of the table changed since run 1" in found[0][1]
    assert found[1] == ("users", "other created_at")


def test_a_decision_is_no_change_of_the_mapping(legacy: ScriptDatabase) -> None:
    legacy.change_rule("users", decisions=(RowDecision(code="L12", key=(1,), do="accept"),))

    assert problems(legacy) == []
    with legacy.unit_of_work.reading() as tx:
        run = tx.backfill_runs.read(limit=1)[0]
        assert changed_rules(tx, run) == {}


def test_a_mapping_of_an_older_version_that_cannot_be_read_is_no_error(legacy: ScriptDatabase) -> None:
    with legacy.unit_of_work.records() as tx:
        tx.backfill_runs.remap(legacy.run_id, "format = 0\n")
    legacy.change_rule("notes", columns={"id": ColumnRule(keep=True), "words": ColumnRule(keep=True)} | DROPPED)

    assert problems(legacy) == []


def test_kept_rows_that_the_source_no_longer_has_are_named(legacy: ScriptDatabase) -> None:
    legacy.sql("DELETE FROM notes WHERE id = 2")

    assert problems(legacy) == [("notes", "the ledger keeps 1 row that the source no longer has")]


def test_kept_columns_that_were_emptied_are_emptied(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), tables=TABLES)
    legacy.sql("ALTER TABLE users ADD colour TEXT", "UPDATE users SET colour = 'red'")
    legacy.run()
    assert legacy.certificate().problems == []
    legacy.sql("UPDATE users SET colour = NULL")

    assert problems(legacy) == []

    with legacy.unit_of_work.reading() as tx:
        assert tx.legacy_rows.get("users", "[1]") == '{"colour":null}'
