"""Texts whose UTF-8 was encoded again are set aside, repaired or accepted, as was decided (L12)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backfill.domains.base import Counts
from backfill.mapping.model import RowDecision
from materialization.history.state_at import state_at
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import (
    TABLES,
    ScriptDatabase,
    add_saves,
    add_script,
    everything_is_counted,
    lines,
)
from tests.materialization.writer import Clock

TWICE, ONCE = "Der FÃ¤hrmann und das cafÃ©", "Der Fährmann und das café"
MORE = """
CREATE TABLE story_elements (id INTEGER PRIMARY KEY, script_id INTEGER, type TEXT, content TEXT, created_at TEXT);
CREATE TABLE personas (id INTEGER PRIMARY KEY, script_id INTEGER, description TEXT, created_at TEXT);
ALTER TABLE users ADD name TEXT;
"""


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), TABLES + MORE)
    add_script(legacy)
    return legacy


def title(legacy: ScriptDatabase) -> str:
    with legacy.unit_of_work.reading() as tx:
        return str(state_at(tx, 7).metadata["title"])


def aside(legacy: ScriptDatabase) -> list[tuple[str, str, str]]:
    return [(row.source_table, row.source_key, row.code) for row in legacy.quarantined()]


def test_a_title_that_was_encoded_twice_sets_its_script_aside(legacy: ScriptDatabase) -> None:
    legacy.sql(f"UPDATE scripts SET title = '{TWICE}'")
    add_saves(legacy, lines("One."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert aside(legacy) == [("scripts", "[7]", "L12"), ("script_versions", "[701]", "L12")]


@pytest.mark.parametrize(("decided", "wanted"), [("repair", ONCE), ("report", TWICE)])
def test_the_mapping_repairs_or_accepts_it(legacy: ScriptDatabase, decided: str, wanted: str) -> None:
    legacy.decide(L12=decided)  # type: ignore[arg-type]
    legacy.sql(f"UPDATE scripts SET title = '{TWICE}'", f"UPDATE users SET name = '{TWICE}' WHERE id = 1")
    legacy.add("story_elements", (1, 7, "act", TWICE, "2021-02-01 10:00:00"))
    add_saves(legacy, lines("One."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert title(legacy) == wanted
    with legacy.unit_of_work.reading() as tx:
        assert [element.payload["content"] for element in state_at(tx, 7).elements.values()] == [wanted]
        user = tx.users.get(1)
        kept = [json.loads(row.content) for row in tx.legacy_rows.read("scripts")]
    assert user is not None
    assert user.name == wanted
    assert [row["title"] for row in kept if "title" in row] == ([TWICE] if decided == "repair" else [])
    assert aside(legacy) == []
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_each_save_that_was_encoded_twice_is_set_aside_and_none_of_its_neighbours(legacy: ScriptDatabase) -> None:
    texts = ["Café – “naïve” 🎬 Ã la carte.", TWICE, ONCE, f'{{"version": 2, "lines": [{{"content": "{TWICE}"}}]}}']
    add_saves(legacy, *texts)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert aside(legacy) == [("script_versions", "[702]", "L12"), ("script_versions", "[704]", "L12")]
    assert [legacy.texts(7, version) for _, version in legacy.saves(7)] == [[texts[0]], [ONCE]]
    assert {each.key for each in legacy.findings() if each.code == "L12"} == {"702", "704"}
    assert legacy.differences() == []


def test_the_mapping_accepts_a_save_as_it_is(legacy: ScriptDatabase) -> None:
    legacy.decide(L12="report")
    add_saves(legacy, TWICE)

    assert legacy.run()["script_versions"] == Counts(migrated=1)
    assert legacy.texts(7) == [TWICE]


def test_a_script_is_decided_about_by_its_key_and_not_by_its_id(tmp_path: Path, ledger: UnitOfWork) -> None:
    tables = TABLES.replace("CREATE TABLE scripts (id INTEGER PRIMARY KEY", "CREATE TABLE scripts (id INTEGER UNIQUE")
    legacy = ScriptDatabase(
        tmp_path, ledger, Clock(), tables.replace("deletedAt TEXT);", "deletedAt TEXT, pk INTEGER PRIMARY KEY);")
    )
    for number, script in enumerate((7, 8, 9), 1):
        add_script(legacy, script, content=TWICE, pk=number)
    legacy.change_rule("scripts", decisions=(RowDecision(code="L12", key=(2,), do="accept", reason="asked"),))

    assert legacy.run()["scripts"] == Counts(migrated=1, quarantined=2)
    assert legacy.texts(8) == [TWICE]
    assert [key for _, key, _ in aside(legacy)] == ["[7]", "[9]"]


def test_a_save_is_not_repaired_and_says_so(legacy: ScriptDatabase) -> None:
    legacy.decide(L12="repair")
    add_saves(legacy, TWICE, "One.")

    assert legacy.run()["script_versions"] == Counts(migrated=1, quarantined=1)
    assert "not repaired" in legacy.quarantined()[0].reason


@pytest.mark.parametrize("table", ["story_elements", "personas"])
def test_an_element_and_a_persona_are_set_aside(legacy: ScriptDatabase, table: str) -> None:
    row = (1, 7, "act", TWICE) if table == "story_elements" else (1, 7, TWICE)
    legacy.add(table, (*row, "2021-02-01 10:00:00"))

    counts = legacy.run()

    assert counts[table] == Counts(quarantined=1)
    assert aside(legacy) == [(table, "[1]", "L12")]


def test_a_user_whose_name_was_encoded_twice_is_set_aside(legacy: ScriptDatabase) -> None:
    legacy.sql(f"UPDATE users SET name = '{TWICE}' WHERE id = 2")

    assert legacy.run()["users"] == Counts(migrated=1, quarantined=1)


def test_a_text_of_65535_bytes_is_set_aside_if_that_was_decided(legacy: ScriptDatabase) -> None:
    legacy.decide(L10="quarantine")
    add_saves(legacy, "x" * 65_535, "x" * 65_536)

    assert legacy.run()["script_versions"] == Counts(migrated=1, quarantined=1)
    assert aside(legacy) == [("script_versions", "[701]", "L10")]
