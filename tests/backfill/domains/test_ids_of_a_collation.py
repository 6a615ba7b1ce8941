"""Ids that only the collation of the source calls equal are two ids: no row joins another script, and none is lost."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backfill.scanning.key_index import number_of
from backfill.translate.row_keys import row_key
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.edited_here import set_aside
from tests.backfill.domains.script_database import ScriptDatabase, everything_is_counted, lines
from tests.materialization.writer import Clock

DAY = "2021-02-0{} 10:00:00"
TABLES = """
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, created_at TEXT);
CREATE TABLE scripts (id TEXT PRIMARY KEY, user_id TEXT COLLATE NOCASE, title TEXT, content TEXT, created_at TEXT);
CREATE TABLE script_versions (id INTEGER PRIMARY KEY, script_id TEXT COLLATE NOCASE, version_number INTEGER,
  content TEXT, created_at TEXT);
CREATE TABLE script_commands (id INTEGER PRIMARY KEY, script_id TEXT COLLATE NOCASE, type TEXT, payload TEXT,
  author TEXT, created_at TEXT);
CREATE TABLE story_elements (id INTEGER PRIMARY KEY, script_id TEXT COLLATE NOCASE, type TEXT, content TEXT,
  created_at TEXT);
CREATE TABLE chat_messages (id INTEGER PRIMARY KEY, user_id TEXT COLLATE NOCASE, script_id TEXT COLLATE NOCASE,
  role TEXT, content TEXT, created_at TEXT);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id TEXT COLLATE NOCASE, token TEXT, expires_at TEXT);
"""
# Spellings that a server may take for the id A1: by case, by accents, by spaces at the end.
OTHERS = ("a1", "Á1", "A1 ")


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), TABLES)
    for name in ("users", "scripts", "sessions", "chat_messages", "story_elements"):
        legacy.change_rule(name, keys="assigned")
    return legacy


def add_rows(legacy: ScriptDatabase, number: int, script: str, user: str) -> None:
    """One row in each table that names a script or a user."""
    at = DAY.format(2)
    legacy.add("script_versions", (number, script, 1, lines(f"Of {number}."), at))
    legacy.add("script_commands", (number, script, "save", json.dumps({"versionNumber": 1}), "ai", at))
    legacy.add("story_elements", (number, script, "theme", f"Theme {number}.", at))
    legacy.add("chat_messages", (number, user, script, "user", f"Text {number}", at))
    legacy.add("sessions", (number, user, f"token {number}", "2031-01-01 00:00:00"))


@pytest.mark.parametrize("other", OTHERS)
def test_rows_of_two_ids_stay_apart(legacy: ScriptDatabase, other: str) -> None:
    for number, name in enumerate(("A1", other), 1):
        legacy.add("users", (name, f"user-{number}@example.org", DAY.format(1)))
        legacy.add("scripts", (name, name, f"Script {number}", None, DAY.format(1)))
        add_rows(legacy, number, name, name)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert set_aside(legacy) == []
    assert legacy.differences() == []
    with legacy.unit_of_work.reading() as tx:
        scripts = {row.title: row.id for row in tx.scripts.read(after=0, limit=9)}
    assert [legacy.texts(scripts[f"Script {number}"]) for number in (1, 2)] == [["Of 1."], ["Of 2."]]
    assert all(len(legacy.saves(script)) == 1 for script in scripts.values())


@pytest.mark.parametrize("other", OTHERS)
def test_rows_of_an_id_that_is_spelled_otherwise_are_named(legacy: ScriptDatabase, other: str) -> None:
    legacy.add("users", ("A1", "user@example.org", DAY.format(1)))
    legacy.add("scripts", ("A1", "A1", "A script", None, DAY.format(1)))
    add_rows(legacy, 1, "A1", "A1")
    add_rows(legacy, 2, other, other)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    found = {(finding.table, finding.code) for finding in legacy.findings() if finding.code == "L05"}
    aside = {(table, code) for table, key, code in set_aside(legacy) if key == "[2]"}
    tables = ("script_versions", "script_commands", "story_elements", "chat_messages", "sessions")
    assert aside == found == {(table, "L05") for table in tables}
    assert legacy.texts(1) == ["Of 1."]


VALUES: tuple[Any, ...] = (
    *(0, 7, "7", "0", "07", "7 ", Decimal(7), Decimal("7.0"), Decimal("7.5"), 7.0, "", "-7", -7),
    *(2**53 - 1, 2**53, str(2**53 - 1), str(2**53), Decimal(2**53), 2**62, str(2**62), 2**64 - 1, Decimal(2**64)),
    *("A1", *OTHERS, b"A1", "٧", "²", Decimal("Infinity")),
)


def test_a_scan_and_a_backfill_know_the_same_keys() -> None:
    for one in VALUES:
        for other in VALUES:
            assert (number_of(one) == number_of(other)) == (row_key([one]) == row_key([other])), (one, other)
