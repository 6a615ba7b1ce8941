"""Rows whose key the ledger has already, in each attempt: they are set aside, and the others come over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from materialization import retry
from materialization.write_path import backfill_slice
from tests.backfill.domains.edited_here import set_aside
from tests.backfill.domains.script_database import (
    ScriptDatabase,
    add_saves,
    add_script,
    everything_is_counted,
    lines,
)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "MAX_PAUSE_SECONDS", 0.0)


def in_the_ledger(tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_the_saves_from_the_one_that_the_ledger_refuses_are_set_aside(legacy: ScriptDatabase, tmp_path: Path) -> None:
    in_the_ledger(tmp_path, "CREATE UNIQUE INDEX lasting ON legacy_versions (saved_at)")
    add_script(legacy)
    add_saves(legacy, lines("One."), lines("Two."))
    add_script(legacy, 8)
    add_saves(legacy, lines("Another."), script_id=8)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert {(table, code) for table, _, code in set_aside(legacy)} == {
        ("script_versions", "refused_by_database"),
        ("scripts", "refused_by_database"),
    }
    assert len(legacy.saves(7)) + len(legacy.saves(8)) in (1, 2)
    in_the_ledger(tmp_path, "DROP INDEX lasting")
    legacy.run()
    assert (legacy.texts(7), legacy.texts(8), set_aside(legacy), legacy.differences()) == (
        ["Two."],
        ["Another."],
        [],
        [],
    )


def test_an_item_whose_record_meets_it_has_failed_after_a_few_attempts(legacy: ScriptDatabase, tmp_path: Path) -> None:
    in_the_ledger(tmp_path, "CREATE UNIQUE INDEX lasting ON legacy_keys (target, source_table)")
    add_script(legacy)
    add_script(legacy, 8)

    with pytest.raises(AssertionError):  # an item has failed
        legacy.run()

    with legacy.unit_of_work.reading() as tx:
        failed = tx.backfill_items.read(1, state="failed")
    reason = "the ledger has another row under a key of this item, also after 5 attempts"
    assert [item.error for item in failed] == [reason]


def test_a_script_takes_edits_again_although_its_record_is_refused(
    legacy: ScriptDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)  # each save is a slice of its own
    in_the_ledger(tmp_path, "CREATE UNIQUE INDEX lasting ON legacy_versions (script_id)")
    in_the_ledger(tmp_path, "CREATE UNIQUE INDEX lasting_too ON legacy_keys (target, our_id)")
    in_the_ledger(tmp_path, "INSERT INTO legacy_keys SELECT 'x', x'00', 'scripts', 7, x'00'")
    add_script(legacy)
    add_saves(legacy, lines("One."), lines("Two."))

    with pytest.raises(AssertionError):  # an item has failed
        legacy.run()

    with legacy.unit_of_work.reading() as tx:
        head = tx.heads.require(7)
    assert (legacy.texts(7), head.health) == (["One."], "open")


def test_a_kept_row_whose_key_is_taken_is_set_aside(legacy: ScriptDatabase, tmp_path: Path) -> None:
    legacy.sql("CREATE TABLE tags (id INTEGER PRIMARY KEY, word TEXT)", "INSERT INTO tags VALUES (1, 'a'), (2, 'b')")
    in_the_ledger(tmp_path, "CREATE UNIQUE INDEX lasting ON legacy_rows (source_table)")

    counts = legacy.run()

    assert (counts["tags"].migrated, counts["tags"].quarantined) == (1, 1)
    assert set_aside(legacy) == [("tags", "[2]", "refused_by_database")]
