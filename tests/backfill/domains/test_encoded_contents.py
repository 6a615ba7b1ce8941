"""Saves that are stored compressed or as base64 are set aside, or accepted, and a scan says so (L45)."""

from __future__ import annotations

import gzip
from base64 import b64encode
from pathlib import Path

import pytest

from backfill.domains.base import Counts
from backfill.mapping.model import RowDecision
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import (
    TABLES,
    ScriptDatabase,
    add_saves,
    add_script,
    everything_is_counted,
    lines,
    overwrite,
)
from tests.materialization.writer import Clock

TEXT = "INT. FERRY - NIGHT\n\nFog on the water."
ENCODED = b64encode(gzip.compress(TEXT.encode(), mtime=0)).decode()
CHAT = (
    "CREATE TABLE chat_messages (id INTEGER PRIMARY KEY, script_id INTEGER, role TEXT, content TEXT, created_at TEXT);"
)


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), TABLES + CHAT)
    add_script(legacy)
    return legacy


def found(legacy: ScriptDatabase) -> list[tuple[str, str | None, str, str]]:
    return [(each.table, each.key, each.decision, each.note) for each in legacy.findings() if each.code == "L45"]


def test_an_encoded_save_is_set_aside_and_the_others_come_over(legacy: ScriptDatabase) -> None:
    add_saves(legacy, lines("One."), ENCODED, lines("One.", "Two."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=2, quarantined=1)
    assert [(row.source_key, row.code) for row in legacy.quarantined()] == [("[702]", "L45")]
    assert "base64 of gzip" in legacy.quarantined()[0].reason
    assert legacy.texts(7) == ["One.", "Two."]
    assert legacy.differences() == []
    assert found(legacy) == [("script_versions", "702", "quarantine", "base64 of gzip")]
    assert legacy.certificate().certified


def test_compressed_bytes_are_set_aside_too(legacy: ScriptDatabase) -> None:
    legacy.sql("DROP TABLE script_versions")
    columns = "id INTEGER PRIMARY KEY, scriptId INTEGER, versionNumber INTEGER, content BLOB, createdAt TEXT"
    legacy.sql(f"CREATE TABLE script_versions ({columns})")
    legacy.add("script_versions", (701, 7, 1, gzip.compress(TEXT.encode()), None))

    legacy.run()

    assert [(row.source_key, row.code) for row in legacy.quarantined()] == [("[701]", "L45")]
    assert found(legacy) == [("script_versions", "701", "quarantine", "gzip")]


@pytest.mark.parametrize("by_row", [False, True])
def test_it_comes_over_as_it_is_if_the_mapping_accepts_it(legacy: ScriptDatabase, by_row: bool) -> None:
    add_saves(legacy, ENCODED)
    if by_row:
        legacy.change_rule("script_versions", decisions=(RowDecision(code="L45", key=(701,), do="accept"),))
    else:
        legacy.decide(L45="report")

    legacy.run()

    assert legacy.quarantined() == []
    assert legacy.texts(7) == [ENCODED]
    assert legacy.differences() == []
    assert found(legacy) == [("script_versions", "701", "report", "base64 of gzip")]


def test_the_text_in_the_row_of_a_script_is_set_aside_with_the_row(legacy: ScriptDatabase) -> None:
    overwrite(legacy, ENCODED)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert [(row.source_table, row.source_key, row.code) for row in legacy.quarantined()] == [("scripts", "[7]", "L45")]
    assert found(legacy) == [("scripts", "7", "quarantine", "base64 of gzip")]


def test_a_message_comes_over_as_it_is_and_is_named(legacy: ScriptDatabase) -> None:
    legacy.add("chat_messages", (1, 7, "user", ENCODED, "2021-02-01 10:00:00"))

    assert legacy.run()["chat_messages"] == Counts(migrated=1)
    assert found(legacy) == [("chat_messages", "1", "report", "base64 of gzip")]
