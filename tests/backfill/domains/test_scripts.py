"""Scripts from their legacy rows: every save is a version, every row counts once, and a second run writes nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from backfill.domains.base import Counts
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import (
    DAY,
    ScriptDatabase,
    add_saves,
    add_script,
    everything_is_counted,
    lines,
)
from tests.materialization.writer import Clock


def test_every_save_is_a_version_with_its_time_and_writer(legacy: ScriptDatabase):
    add_script(legacy)
    add_saves(legacy, lines("One."), lines("One.", "Two."), lines("Two, changed."))
    for number, author in ((1, "user"), (2, "ai"), (3, "user"), (9, "ai")):
        legacy.add("script_commands", (number, 7, "save", json.dumps({"versionNumber": number}), author, DAY.format(1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=3)
    assert counts["script_commands"] == Counts(merged=3, skipped=1)
    assert [legacy.texts(7, version) for _, version in legacy.saves(7)] == [
        ["One."],
        ["One.", "Two."],
        ["Two, changed."],
    ]
    assert [number for number, _ in legacy.saves(7)] == [1, 2, 3]
    assert ("script_versions", "702", 2, "ai", "") in legacy.origins(7)
    assert legacy.differences() == []


def test_a_second_run_writes_nothing(legacy: ScriptDatabase, tmp_path: Path):
    add_script(legacy)
    add_saves(legacy, lines("One."), "{broken", lines("One.", "Two."), lines("One.", "Two."))
    first = legacy.run()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        written = connection.execute("SELECT COUNT(*), SUM(version_number) FROM script_commands").fetchone()

    second = legacy.run()

    assert second == first
    assert everything_is_counted(legacy, second)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("SELECT COUNT(*), SUM(version_number) FROM script_commands").fetchone() == written


def test_identical_saves_are_merged_and_keep_their_numbers(legacy: ScriptDatabase):
    add_script(legacy)
    add_saves(legacy, lines("One."), lines("One."), lines("Two."))

    assert legacy.run()["script_versions"] == Counts(migrated=2, merged=1)
    (_, first), (number, second), _ = legacy.saves(7)
    assert (number, second) == (2, first)


def test_numbers_may_be_doubled_missing_or_none(legacy: ScriptDatabase):
    add_script(legacy)
    for key, number, text in (
        (1, 3, "third"),
        (2, 1, "first"),
        (3, 3, "third again"),
        (4, None, "no number"),
        (5, 9, "last"),
    ):
        legacy.add("script_versions", (key, 7, number, lines(text), DAY.format(min(key + 1, 9))))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert [legacy.texts(7, version)[0] for _, version in legacy.saves(7)] == [
        "first",
        "third",
        "third again",
        "no number",
        "last",
    ]
    assert legacy.differences() == []


def test_rows_without_a_time_take_that_of_a_neighbour(legacy: ScriptDatabase):
    add_script(legacy, createdAt="0000-00-00 00:00:00")
    add_saves(legacy, lines("One."), lines("Two."), lines("Three."))
    legacy.sql("UPDATE script_versions SET createdAt = '0000-00-00 00:00:00' WHERE versionNumber IN (1, 3)")

    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        times = [save.saved_at for _, save in tx.legacy_versions.read(7)]
    assert len(set(times)) == 1
    assert legacy.differences() == []


def test_a_newer_row_of_the_script_is_one_save_more(legacy: ScriptDatabase):
    add_script(legacy, content=lines("One.", "Newest."), versionNumber=4)
    add_saves(legacy, lines("One."), lines("One.", "Two."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert legacy.texts(7) == ["One.", "Newest."]
    assert legacy.saves(7)[-1][0] == 4
    assert legacy.differences() == []


def test_an_older_row_of_the_script_does_not_overwrite_its_versions(legacy: ScriptDatabase):
    add_script(legacy, content=lines("Old."), updatedAt=DAY.format(1))
    add_saves(legacy, lines("One."), lines("One.", "Two."))

    legacy.run()

    assert legacy.texts(7) == ["One.", "Two."]


def test_a_script_without_versions_has_its_own_text_or_none(legacy: ScriptDatabase):
    add_script(legacy, 7, content=lines("Only the last."), versionNumber=53)
    add_script(legacy, 8)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert legacy.texts(7) == ["Only the last."]
    assert [number for number, _ in legacy.saves(7)] == [53]
    assert legacy.texts(8) == []
    assert legacy.differences() == []


def test_an_archived_script_is_archived_at_its_time(legacy: ScriptDatabase):
    add_script(legacy, deletedAt=DAY.format(8))
    add_saves(legacy, lines("One."))

    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        row = tx.scripts.get(7)
    assert row is not None
    assert row.archived
    assert legacy.differences() == []


def test_lists_show_the_times_of_the_legacy_application(legacy: ScriptDatabase):
    add_script(legacy)
    add_saves(legacy, lines("One."))

    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        [row] = tx.scripts.read(after=0, limit=9)
    assert (row.created_at, row.updated_at) == (1612173600_000000, 1612864800_000000)


def test_text_keys_get_numbers_that_stay(tmp_path: Path, ledger: UnitOfWork):
    tables = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);
    INSERT INTO users VALUES (1, 'ada@example.com', '2020-01-01 00:00:00');
    CREATE TABLE scripts (id TEXT PRIMARY KEY, userId INTEGER, title TEXT, createdAt TEXT, updatedAt TEXT)
      WITHOUT ROWID;
    CREATE TABLE script_versions (id TEXT PRIMARY KEY, scriptId TEXT, versionNumber INTEGER, content TEXT,
      createdAt TEXT) WITHOUT ROWID;
    """
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), tables)
    for key in ("ckA", "cka", "ckB"):
        legacy.add("scripts", (key, 1, key, DAY.format(1), DAY.format(2)))
        legacy.add("script_versions", (f"v{key}", key, 1, lines(f"Of {key}."), DAY.format(1)))

    first = legacy.run()
    with ledger.reading() as tx:
        scripts = {row.title: row.id for row in tx.scripts.read(after=0, limit=9)}

    assert everything_is_counted(legacy, first)
    assert {key: legacy.texts(number) for key, number in scripts.items()} == {
        key: [f"Of {key}."] for key in ("ckA", "cka", "ckB")
    }
    assert legacy.run() == first
    assert legacy.differences() == []


def test_a_title_that_we_refuse_is_repaired_and_kept(legacy: ScriptDatabase):
    add_script(legacy, title="Two\nlines\x00", status="on hold")
    add_saves(legacy, lines("One."))

    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        row = tx.scripts.get(7)
        kept = tx.legacy_rows.get("scripts", '[7,"repaired"]')
    assert row is not None
    assert (row.title, row.status) == ("Two lines", "unknown")
    assert kept is not None
    assert set(json.loads(kept)) == {"title", "status"}


def test_a_save_added_later_follows(legacy: ScriptDatabase):
    add_script(legacy)
    add_saves(legacy, lines("One."))
    legacy.run()
    legacy.add("script_versions", (799, 7, 2, lines("One.", "Later."), DAY.format(3)))

    counts = legacy.run()

    assert counts["script_versions"] == Counts(migrated=2)
    assert legacy.texts(7) == ["One.", "Later."]
    assert legacy.differences() == []


def test_binary_and_long_keys_are_kept_apart(tmp_path: Path, ledger: UnitOfWork):
    tables = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);
    INSERT INTO users VALUES (1, 'ada@example.com', '2020-01-01 00:00:00');
    CREATE TABLE scripts (id BLOB PRIMARY KEY, userId INTEGER, title TEXT, createdAt TEXT, updatedAt TEXT)
      WITHOUT ROWID;
    CREATE TABLE script_versions (id INTEGER PRIMARY KEY, scriptId BLOB, versionNumber INTEGER, content TEXT,
      createdAt TEXT);
    """
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), tables)
    for number, key in enumerate((b"\x00" * 16, b"\x00" * 15 + b"\x01", b"\xff" * 300), 1):
        legacy.add("scripts", (key, 1, f"Script {number}", DAY.format(1), DAY.format(2)))
        legacy.add("script_versions", (number, key, 1, lines(f"Text {number}."), DAY.format(1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    with ledger.reading() as tx:
        scripts = {row.title: row.id for row in tx.scripts.read(after=0, limit=9)}
    assert {title: legacy.texts(number) for title, number in scripts.items()} == {
        f"Script {number}": [f"Text {number}."] for number in (1, 2, 3)
    }
    assert legacy.differences() == []


def test_a_status_may_say_that_a_script_was_deleted(legacy: ScriptDatabase):
    values = {"review": "in_progress", "Trashed": "archived"}
    legacy.change_column("scripts", "status", to="status", values=values)
    for script, status in ((7, "complete"), (8, "review"), (9, "trashed")):
        add_script(legacy, script, status=status)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    with legacy.unit_of_work.reading() as tx:
        found = {row.id: (row.status, bool(row.archived)) for row in tx.scripts.read(after=0, limit=9)}
    assert found == {7: ("complete", False), 8: ("in_progress", False), 9: ("unknown", True)}
    assert [each.key for each in legacy.findings() if each.code == "L18"] == ["9"]
    assert legacy.differences() == []
