"""A sample of each generation is certified; every kind of change to its ledger is found, named, and voids it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.samples import GENERATIONS, HISTORIES, make_sample_file
from materialization.clock import system_clock
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.certificate.certifying import (
    certified,
    copied_move,
    in_ledger,
    in_source,
    latest,
    sentences,
    stored,
)
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger

DECISIONS = '[decisions]\nL14 = "quarantine"\nL29 = "quarantine"\nL30 = "quarantine"\nL44 = "quarantine"\n'
SAME_PERSON = 'decisions = [ { code = "L14", key = [3], do = "merge", to = 2 } ]\n\n[tables.users.columns]\n'


def moved(folder: Path, ledger: Path, generation: int | str) -> Iterator[Backfill]:
    """A sample that was brought over."""
    make_sample_file(folder / "legacy.db", generation)
    with open_engine(copied_ledger(ledger, folder / "ledger.db")) as engine:
        backfill = Backfill(folder, UnitOfWork(engine), system_clock)  # type: ignore[arg-type]
        with open_source(backfill.url) as source:
            mapping = mapping_text(draft(read_catalog(source))).replace("[decisions]\n", DECISIONS, 1)
        if generation == 6:
            mapping = mapping.replace("[tables.users.columns]\n", SAME_PERSON, 1)
        backfill.run(mapping=mapping)
        yield backfill


@pytest.mark.parametrize("generation", [*GENERATIONS, *HISTORIES])
def test_each_sample_is_certified(tmp_path: Path, empty_ledger: Path, generation: int | str) -> None:
    for backfill in moved(tmp_path, empty_ledger, generation):
        certificate = certified(backfill)

        assert sentences(certificate) == []
        assert all(table.holds for table in certificate.tables)
        data = msgspec.json.encode(certificate).lower().replace(b"lines", b"")
        assert not any(word in data for word in (b"ferry", b"ines", b"tide", b"sample-", b"compass"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, empty_ledger: Path) -> Path:
    """A folder with generation 6, brought over and certified."""
    folder = tmp_path_factory.mktemp("moved")
    for backfill in moved(folder, empty_ledger, 6):
        assert certified(backfill).certified
    return folder


@pytest.fixture
def backfill(template: Path, tmp_path: Path) -> Iterator[Backfill]:
    with copied_move(template, tmp_path, system_clock) as backfill:
        yield backfill


VERSION = "WHERE script_id = 1 AND version_number = 2"
CHANGES = {
    "a line": "UPDATE script_commands SET payload = replace(payload, 'buoy 7', 'buoy 77')",
    "a delta": f"UPDATE script_versions SET delta = x'00' {VERSION}",
    "a version is missing": "DELETE FROM script_versions WHERE script_id = 1 AND version_number = 3",
    "a command is missing": f"PRAGMA foreign_keys = OFF; DELETE FROM script_commands {VERSION}",
    "a time": f"UPDATE script_commands SET occurred_at = occurred_at + 3600000000 {VERSION}",
    "an author": "UPDATE script_commands SET cause = replace(cause, '\"ai\"', '\"system\"') WHERE script_id = 1",
    "an owner": "UPDATE scripts SET user_id = 2 WHERE id = 1",
    "a title": "UPDATE scripts SET title = 'Another' WHERE id = 2",
    "an archived script": "UPDATE scripts SET archived = 0 WHERE id = 3",
    "the map of versions": "UPDATE legacy_versions SET version_number = 1 WHERE script_id = 1 AND number = 3",
    "a missing user": "PRAGMA foreign_keys = OFF; DELETE FROM users WHERE id = 2",
    "an address": "UPDATE users SET email = 'other@ferry.example' WHERE id = 1",
    "a password": "UPDATE user_passwords SET password = 'x' WHERE user_id = 2",
    "a session's token": "UPDATE sessions SET token_sha256 = zeroblob(32)",
    "a session's user": "UPDATE sessions SET user_id = 2",
    "a session's end": "UPDATE sessions SET expires_at = expires_at + 1",
    "a chat message": "UPDATE chat_messages SET content = content || ' ' WHERE id = 1",
    "the user of a chat message": "UPDATE chat_messages SET user_id = 2 WHERE id = 1",
    "a missing chat message": "DELETE FROM chat_messages WHERE id = 3",
    "a doubled chat message": (
        "INSERT INTO chat_messages (script_id, user_id, role, content, metadata, created_at) "
        "SELECT script_id, user_id, role, content, metadata, created_at FROM chat_messages WHERE id = 1"
    ),
    "an element": "UPDATE script_commands SET payload = replace(payload, 'ferry', 'Ferry') WHERE kind = 'element.add'",
    "a kept column": "DELETE FROM legacy_rows WHERE source_table = 'users'",
    "a kept row": "UPDATE legacy_rows SET content = '{}' WHERE source_table = 'script_comments'",
}


@pytest.mark.parametrize("sql", CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_ledger_is_found_and_voids_the_certificate(backfill: Backfill, sql: str) -> None:
    in_ledger(backfill, sql)

    certificate = certified(backfill)

    assert not certificate.certified
    assert {each.check for each in certificate.problems} & {"proof", "ledger"}
    assert all(each.table or each.key or "script " in each.sentence for each in certificate.problems)
    assert stored(backfill) is None
    assert latest(backfill).void


def test_a_quarantined_row_that_is_no_longer_listed_voids_the_certificate(backfill: Backfill) -> None:
    in_ledger(backfill, "DELETE FROM backfill_quarantine WHERE source_table = 'story_elements'")

    assert sentences(certified(backfill)) == [("decisions", "story_elements", "")]
    assert stored(backfill) is None


SOURCE = {
    "users": "UPDATE users SET email = 'other@ferry.example' WHERE id = 1",
    "sessions": "UPDATE sessions SET token = 'another'",
    "scripts": "UPDATE scripts SET title = 'Another' WHERE id = 1",
    "script_versions": "UPDATE script_versions SET content = replace(content, 'buoy 7', 'buoy 8') WHERE id = 3",
    "script_commands": "UPDATE script_commands SET author = 'ai' WHERE id = 1",
    "scenes": "UPDATE scenes SET summary = 'Another' WHERE id = 1",
    "story_elements": "DELETE FROM story_elements WHERE id = 1",
    "chat_history": "UPDATE chat_history SET content = 'Another' WHERE id = 2",
    "chat_messages": "DELETE FROM chat_messages",
    "script_comments": "INSERT INTO script_comments VALUES (2, 1, 1, 'Late.', '2022-02-07 10:00:00.000')",
}


@pytest.mark.parametrize("table", SOURCE)
def test_a_change_of_the_source_is_found_and_voids_the_certificate(backfill: Backfill, table: str) -> None:
    in_source(backfill, SOURCE[table])

    certificate = certified(backfill)

    assert ("source", table, "") in sentences(certificate)
    assert {each.check for each in certificate.problems} & {"proof", "rows"}
    assert stored(backfill) is None


# What the application writes between two runs, and another run brings over.
ADDED = """
INSERT INTO script_versions
  SELECT 100, 1, 6, replace(content, 'buoy 7', 'buoy 77'), '2022-03-06 08:00:00.000' FROM script_versions WHERE id = 5;
INSERT INTO script_versions SELECT 101, 1, 7, content, '2022-03-07 08:00:00.000' FROM script_versions WHERE id = 100;
INSERT INTO script_versions SELECT 102, 3, 9, content, '2022-03-08 08:00:00.000' FROM script_versions WHERE id = 5;
INSERT INTO users SELECT 77, 'new@ferry.example', 'new', passwordHash, createdAt, NULL, NULL FROM users WHERE id = 2;
UPDATE users SET email = 'moved@ferry.example', username = 'moved' WHERE id = 1;
UPDATE users SET deletedAt = '2022-03-06 08:00:00.000' WHERE id IN (2, 3);
INSERT INTO sessions SELECT 'ckq9', userId, 'another-token', expiresAt, createdAt FROM sessions;
INSERT INTO chat_history VALUES (30, 1, 1, 'user', 'And now?', '2022-03-07 10:00:00');
UPDATE chat_history SET content = 'Another' WHERE id = 2;
UPDATE scenes SET summary = 'Another' WHERE id = 1;
INSERT INTO story_elements VALUES (20, 1, 'theme', 'What returns.', '2022-03-07 08:00:00');
UPDATE scripts SET deletedAt = '2022-03-09 08:00:00.000' WHERE id = 2;
UPDATE script_comments SET body = 'Another';
INSERT INTO script_comments VALUES (2, 1, 1, 'Late.', '2022-02-07 10:00:00.000');
"""
# What it does that an append-only log, or a row that is there, cannot follow: it is named, and stays as it is.
TAKEN_BACK = """
DELETE FROM sessions;
DELETE FROM chat_history WHERE id = 2;
DELETE FROM scenes WHERE id = 1;
UPDATE script_versions SET content = replace(content, 'buoy 7', 'buoy 8') WHERE id = 3;
UPDATE script_commands SET author = 'ai' WHERE id = 1;
"""


def test_another_run_brings_over_what_was_added_and_changed_in_the_meantime(backfill: Backfill) -> None:
    in_source(backfill, ADDED)

    backfill.run(mapping=latest(backfill).mapping)

    assert sentences(certified(backfill)) == []
    assert stored(backfill) is not None


def test_another_run_names_what_was_taken_back_in_the_meantime(backfill: Backfill) -> None:
    in_source(backfill, TAKEN_BACK)

    backfill.run(mapping=latest(backfill).mapping)

    found = {(check, table) for check, table, _ in sentences(certified(backfill))}
    assert found == {("proof", table) for table in ("sessions", "chat_history", "scenes", "script_versions")}
    assert stored(backfill) is None
