"""Saves of tables without a key of their own: rows that share the key of the mapping are named, and none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.domains.base import Counts
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, add_script, everything_is_counted, lines
from tests.materialization.writer import Clock

COLUMNS = "scriptId INTEGER, versionNumber INTEGER, content TEXT, createdAt TEXT"


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    legacy = ScriptDatabase(tmp_path, ledger, Clock())
    legacy.sql("DROP TABLE script_versions", f"CREATE TABLE script_versions ({COLUMNS})")
    add_script(legacy)
    return legacy


def add(legacy: ScriptDatabase, *numbers: int, script_id: int = 7) -> None:
    for at, number in enumerate(numbers, 1):
        legacy.add("script_versions", (script_id, number, lines(f"Save {at}."), DAY.format(at)))


def keys_named(legacy: ScriptDatabase) -> list[tuple[str, str]]:
    return [(row.code, row.source_key) for row in legacy.quarantined()]


def found(legacy: ScriptDatabase) -> list[str]:
    return [each.note.split(":")[0] for each in legacy.findings() if each.code == "L40" and each.key is None]


def test_rows_without_any_key_are_set_aside(legacy: ScriptDatabase) -> None:
    add(legacy, 1, 2, 3)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(quarantined=3)
    assert keys_named(legacy) == [("L40", "[7]")] * 3
    assert found(legacy) == ["3 rows have the key of another one"]
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_rows_that_share_the_key_of_the_mapping_are_set_aside(legacy: ScriptDatabase) -> None:
    legacy.change_rule("script_versions", key=("scriptId", "versionNumber"))
    add(legacy, 1, 2, 2, 3)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=2, quarantined=2)
    assert keys_named(legacy) == [("L40", "[7,2]")] * 2
    assert [(number, legacy.texts(7, version)) for number, version in legacy.saves(7)] == [
        (1, ["Save 1."]),
        (3, ["Save 4."]),
    ]
    assert found(legacy) == ["2 rows have the key of another one"]
    assert legacy.differences() == []


def test_a_key_of_one_script_is_not_read_as_that_of_another(legacy: ScriptDatabase) -> None:
    add_script(legacy, 8)
    legacy.change_rule("script_versions", key=("versionNumber",))
    add(legacy, 1, 2)
    add(legacy, 2, 3, script_id=8)

    counts = legacy.run()

    assert counts["script_versions"] == Counts(migrated=2, quarantined=2)
    assert (legacy.texts(7), legacy.texts(8)) == (["Save 1."], ["Save 2."])


def test_rows_with_a_key_that_differs_come_over(legacy: ScriptDatabase) -> None:
    legacy.change_rule("script_versions", key=("scriptId", "versionNumber"))
    add(legacy, 1, 2, 3)

    assert legacy.run()["script_versions"] == Counts(migrated=3)
    assert found(legacy) == []
    assert legacy.differences() == []


def test_rows_whose_key_is_null_are_set_aside(legacy: ScriptDatabase) -> None:
    legacy.sql("DROP TABLE script_versions", f"CREATE TABLE script_versions (id TEXT PRIMARY KEY, {COLUMNS})")
    for number in (1, 2):
        legacy.add("script_versions", (None, 7, number, lines(f"Save {number}."), DAY.format(number)))
    legacy.add("script_versions", ("v3", 7, 3, lines("Save 3."), DAY.format(3)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=1, quarantined=2)
    assert found(legacy) == ["text", "2 rows have the key of another one"]


def test_keys_of_several_texts_are_not_taken_for_each_other(legacy: ScriptDatabase) -> None:
    legacy.sql(
        "DROP TABLE script_versions", f"CREATE TABLE script_versions (a TEXT, b TEXT, {COLUMNS}, PRIMARY KEY (a, b))"
    )
    legacy.change_rule("script_versions", key=("a", "b"))
    for number, key in enumerate((("a/b", "c"), ("a", "b/c"), ("a~1b", "c"), ("A", "b/c"), ("a", "b/c ")), 1):
        legacy.add("script_versions", (*key, 7, number, lines(f"Save {number}."), DAY.format(number)))

    counts = legacy.run()

    assert counts["script_versions"] == Counts(migrated=5)
    assert [legacy.texts(7, version) for _, version in legacy.saves(7)] == [[f"Save {at}."] for at in range(1, 6)]
    assert legacy.differences() == []
    assert legacy.run() == counts


AT = "2021-02-01 10:00:00"
DOUBLED = {
    "story_elements": ("id, script_id, type, content, created_at", [(1, 7, "act", "A", AT), (1, 7, "beat", "B", AT)]),
    "personas": ("id, script_id, description, created_at", [(1, 7, "A", AT), (1, 7, "B", AT)]),
    "sessions": ("id, user_id, token, expires_at, created_at", [(1, 1, "a", AT, AT), (1, 2, "b", AT, AT)]),
    "chat_history": (
        "id, user_id, script_id, type, content, timestamp",
        [(1, 1, 7, "user", "A", AT), (1, 1, 7, "user", "B", AT)],
    ),
}


@pytest.mark.parametrize("table", DOUBLED)
def test_other_rows_that_share_a_key_are_set_aside_in_each_run(legacy: ScriptDatabase, table: str) -> None:
    columns, rows = DOUBLED[table]
    types = [f"{name} {'INTEGER' if name.endswith('id') else 'TEXT'}" for name in columns.split(", ")]
    legacy.sql(f"CREATE TABLE {table} ({', '.join(types)})")
    legacy.add(table, *rows, (2, *rows[0][1:]) if table != "sessions" else (2, 1, "c", AT, AT))

    for _ in range(2):
        counts = legacy.run()

        assert everything_is_counted(legacy, counts)
        assert counts[table].quarantined == 2
        assert keys_named(legacy) == [("L40", "[1]")] * 2
    assert found(legacy) == ["2 rows have the key of another one"]


@pytest.mark.parametrize("key", ["", ", serial INTEGER PRIMARY KEY"], ids=["no key", "another key"])
def test_users_with_one_id_are_set_aside(legacy: ScriptDatabase, key: str) -> None:
    legacy.sql("DROP TABLE users", f"CREATE TABLE users (id INTEGER, email TEXT, created_at TEXT{key})")
    emails = ((1, "ada@example.com"), (2, "ben@example.com"), (2, "cal@example.com"))
    legacy.sql(*(f"INSERT INTO users (id, email, created_at) VALUES ({n}, '{each}', '{AT}')" for n, each in emails))

    for _ in range(2):
        assert legacy.run()["users"] == Counts(migrated=1, quarantined=2)
    assert found(legacy) == ["2 rows have the key of another one"]


def test_rows_without_a_home_that_share_the_key_of_the_mapping_are_set_aside(legacy: ScriptDatabase) -> None:
    legacy.sql("CREATE TABLE ideas_of_old (word TEXT, note TEXT)")
    legacy.add("ideas_of_old", ("fog", "A"), ("fog", "B"), ("tide", "C"))
    legacy.change_rule("ideas_of_old", key=("word",))

    for _ in range(2):
        counts = legacy.run()

        assert everything_is_counted(legacy, counts)
        assert counts["ideas_of_old"] == Counts(migrated=1, quarantined=2)
    assert found(legacy)[-1] == "2 rows have the key of another one"
