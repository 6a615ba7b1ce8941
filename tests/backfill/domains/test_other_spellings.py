"""Rows that name a script or user in another spelling of its key are set aside, and scan and run say why."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from backfill.domains.base import Counts
from backfill.scanning.key_index import folded_number
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import ScriptDatabase, everything_is_counted
from tests.materialization.writer import Clock

ADA, FERRY = "6FA459EA-EE8A-3CA4-894E-DB77E160355E", "16fd2706-8baf-433b-82eb-8c7fada847da"
TABLES = f"""
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, created_at TEXT);
INSERT INTO users VALUES ('{ADA}', 'ada@example.com', '2020-01-01 00:00:00');
CREATE TABLE scripts (id TEXT PRIMARY KEY, user_id TEXT, title TEXT, created_at TEXT, updated_at TEXT);
INSERT INTO scripts VALUES ('{FERRY}', '{ADA}', 'The Ferry', '2021-02-01 10:00:00', '2021-02-09 10:00:00');
CREATE TABLE script_versions (id INTEGER PRIMARY KEY, script_id TEXT, version_number INTEGER, content TEXT,
  created_at TEXT);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id TEXT, token TEXT, expires_at TEXT);
CREATE TABLE chat_messages (id INTEGER PRIMARY KEY, script_id TEXT, user_id TEXT, role TEXT, content TEXT,
  created_at TEXT);
CREATE TABLE story_elements (id INTEGER PRIMARY KEY, script_id TEXT, type TEXT, content TEXT, created_at TEXT);
CREATE TABLE personas (id INTEGER PRIMARY KEY, script_id TEXT, user_id TEXT, description TEXT, created_at TEXT);
"""
DAY = "2021-02-02 10:00:00"
OTHER = "differs only in case, in blanks around it, or is the same UUID as text or bytes"
NOTE = f"one exists whose key {OTHER}"


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    return ScriptDatabase(tmp_path, ledger, Clock(), TABLES)


def add_rows(legacy: ScriptDatabase, ferry: str, ada: str) -> None:
    """A row of each kind that names the script or the user."""
    legacy.add("script_versions", (1, FERRY, 1, "One.", DAY), (2, ferry, 2, "Two.", DAY))
    legacy.add("sessions", (1, ada, "token-1", "2035-01-01 00:00:00"))
    legacy.add("chat_messages", (1, ferry, ADA, "user", "Hello.", DAY), (2, FERRY, ada, "user", "Ahoy.", DAY))
    legacy.add("story_elements", (1, ferry, "theme", "Fog.", DAY))
    legacy.add("personas", (1, FERRY, ada, "A voice.", DAY), (2, ferry, ADA, "A voice.", DAY))


def test_a_key_in_another_spelling_is_named_by_scan_and_run(legacy: ScriptDatabase) -> None:
    add_rows(legacy, FERRY.upper(), f"{ADA.lower()} ")
    legacy.sql(f"INSERT INTO scripts VALUES ('other', '{ADA.lower()}', 'Other', '{DAY}', '{DAY}')")

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=1, quarantined=1)
    aside = [row for row in legacy.quarantined() if row.code == "L05"]
    assert len(aside) == 8
    assert [row for row in aside if OTHER not in row.reason] == []
    found = [each for each in legacy.findings() if each.code == "L05"]
    assert (len(found), {each.note for each in found}) == (8, {NOTE})


@pytest.mark.parametrize("as_bytes", [True, False])
def test_a_uuid_in_bytes_and_the_same_as_text_are_two_spellings(
    tmp_path: Path, ledger: UnitOfWork, as_bytes: bool
) -> None:
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), TABLES)
    if as_bytes:
        legacy.sql(f"UPDATE users SET id = x'{UUID(ADA).hex}'")
    else:
        legacy.sql(f"UPDATE scripts SET user_id = x'{UUID(ADA).hex}'")

    legacy.run()

    assert [OTHER in row.reason for row in legacy.quarantined() if row.code == "L05"] == [True]
    assert [each.note for each in legacy.findings() if each.code == "L05"] == [NOTE]


def test_a_key_that_no_spelling_has_is_not_explained(legacy: ScriptDatabase) -> None:
    add_rows(legacy, "886313e1-3b8a-5372-9b90-0c9aee199e5d", "nobody")

    legacy.run()

    assert {row.code for row in legacy.quarantined()} == {"L05"}
    assert [row for row in legacy.quarantined() if OTHER in row.reason] == []
    assert {each.note for each in legacy.findings() if each.code == "L05"} == {""}


def test_a_user_who_did_not_come_over_has_no_other_spelling(legacy: ScriptDatabase) -> None:
    legacy.add("users", ("Ben", "no address", DAY))
    legacy.decide(L29="quarantine")
    legacy.add("sessions", (1, "Ben", "token-1", "2035-01-01 00:00:00"))

    legacy.run()

    [reason] = [row.reason for row in legacy.quarantined() if row.source_table == "sessions"]
    assert OTHER not in reason


@pytest.mark.parametrize(
    ("key", "other", "same"),
    [
        ("ABC", "abc", True),
        ("abc ", "\tABC", True),
        ("Straße", "STRASSE", True),
        ("abc", "abd", False),
        ("a b", "ab", False),
        ("a-b", "ab", False),
    ],
)
def test_case_and_outer_blanks_are_folded(key: str, other: str, *, same: bool) -> None:
    assert (folded_number(key) == folded_number(other)) is same


@pytest.mark.parametrize("key", [None, 7, "7", b"abc"])
def test_numbers_and_bytes_have_one_spelling(key: object) -> None:
    assert folded_number(key) is None
