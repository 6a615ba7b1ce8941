"""Saves and scripts that do not come over: each is set aside with a reason, and its neighbours come over."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from backfill.domains.base import Counts, ItemWork, decode_counts
from backfill.domains.registry import DOMAINS
from backfill.domains.script_log.source import NO_NEW_OWNER
from backfill.mapping.model import RowDecision
from domain.script.validation import MAX_TEXT_BYTES
from repos.accounts.bulk_accounts import UserRecord
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


def test_a_save_that_cannot_be_read_is_set_aside_and_its_neighbours_come_over(legacy: ScriptDatabase):
    add_script(legacy)
    add_saves(legacy, lines("One."), '{"version": 2, "lines": [', None, lines("One.", "Two."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=2, quarantined=2)
    assert {(row.source_key, row.code) for row in legacy.quarantined()} == {
        ("[702]", "L15"),
        ("[703]", "L22"),
    }
    assert legacy.texts(7) == ["One.", "Two."]
    assert legacy.differences() == []
    foreseen = {(each.key, each.code) for each in legacy.findings() if each.decision == "quarantine"}
    assert foreseen == {("702", "L15"), ("703", "L22")}


@pytest.mark.parametrize("owner", [None, 0, 99])
def test_a_script_is_never_given_to_another_user(legacy: ScriptDatabase, owner: int | None):
    add_script(legacy, owner=owner)
    add_saves(legacy, lines("One."), lines("Two."))
    legacy.add("script_commands", (1, 7, "save", '{"versionNumber": 1}', "user", DAY.format(1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["scripts"] == Counts(quarantined=1)
    assert counts["script_versions"] == Counts(quarantined=2)
    with legacy.unit_of_work.reading() as tx:
        assert tx.scripts.read(after=0, limit=9) == []


def test_the_mapping_decides_whose_a_script_is(legacy: ScriptDatabase):
    for script_id in (7, 8, 9, 10):
        add_script(legacy, script_id, owner=None)
    assign = RowDecision(code="L06", key=(7,), do="assign", to="2", reason="asked")
    lost = RowDecision(code="L06", key=(10,), do="assign", to=98)
    accept = RowDecision(code="L06", key=(8,), do="accept", reason="a template")
    leave = RowDecision(code="L06", key=(9,), do="skip", reason="a test")
    legacy.change_rule("scripts", decisions=(assign, accept, leave, lost))

    counts = legacy.run()

    assert counts["scripts"] == Counts(migrated=2, skipped=1, quarantined=1)
    assert [row.reason for row in legacy.quarantined()] == [NO_NEW_OWNER]
    with legacy.unit_of_work.reading() as tx:
        assert [(row.id, row.user_id) for row in tx.scripts.read(after=0, limit=9)] == [(7, 2), (8, None)]


def test_the_mapping_decides_about_a_script_whose_owner_does_not_exist(legacy: ScriptDatabase):
    for script_id in (7, 8, 9):
        add_script(legacy, script_id, owner=99)
        add_saves(legacy, lines("One."), script_id=script_id)
    assign = RowDecision(code="L05", key=(7,), do="assign", to=2)
    lost = RowDecision(code="L05", key=(8,), do="assign", to=98)
    leave = RowDecision(code="L05", key=(9,), do="skip", reason="a test")
    legacy.change_rule("scripts", decisions=(assign, lost, leave))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["scripts"] == Counts(migrated=1, quarantined=1, skipped=1)
    with legacy.unit_of_work.reading() as tx:
        assert [(row.id, row.user_id) for row in tx.scripts.read(after=0, limit=9)] == [(7, 2)]
    assert legacy.differences() == []


@pytest.mark.parametrize(("to", "comes"), [(2, True), ("2", True), (3, False), (0, False), (-5, False), ("b", False)])
def test_without_a_table_of_users_a_script_is_assigned_to_a_user_of_the_ledger(
    legacy: ScriptDatabase, to: int | str, comes: bool
):
    with legacy.unit_of_work.records() as tx:
        tx.bulk_accounts.add_users([UserRecord(2, "ben@example.com", 0, None, "Ben", None)])
    legacy.sql("DROP TABLE users")
    add_script(legacy, owner=None)
    legacy.change_rule("scripts", decisions=(RowDecision(code="L06", key=(7,), do="assign", to=to),))

    assert legacy.run()["scripts"] == Counts(migrated=comes, quarantined=not comes)
    with legacy.unit_of_work.reading() as tx:
        assert [row.user_id for row in tx.scripts.read(after=0, limit=9)] == [2] * comes


def test_rows_of_scripts_that_do_not_exist_are_set_aside_one_by_one(legacy: ScriptDatabase):
    add_script(legacy)
    add_saves(legacy, lines("One."))
    add_saves(legacy, lines("Lost."), lines("Lost too."), script_id=99)
    legacy.add("script_versions", (1, None, 1, lines("Nowhere."), DAY.format(1)))
    legacy.add("script_commands", (1, 99, "save", '{"versionNumber": 1}', "user", DAY.format(1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=1, quarantined=3)
    assert {(row.source_table, row.source_key, row.code) for row in legacy.quarantined()} == {
        ("script_versions", "[9901]", "L05"),
        ("script_versions", "[9902]", "L05"),
        ("script_versions", "[1]", "L05"),
        ("script_commands", "[1]", "L05"),
    }


def test_saves_of_other_branches_are_set_aside(tmp_path: Path, ledger: UnitOfWork):
    legacy = ScriptDatabase(tmp_path, ledger, Clock())
    legacy.sql("ALTER TABLE script_versions ADD COLUMN branchId TEXT")
    add_script(legacy)
    for key, branch in ((1, "main"), (2, "other"), (3, "main")):
        legacy.add("script_versions", (key, 7, key, lines(f"Save {key}."), DAY.format(key), branch))
    legacy.change_rule("script_versions", history="branches")

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=2, quarantined=1)
    assert legacy.texts(7) == ["Save 3."]


def test_claude_mem_3917_a_save_added_below_the_last_one_is_set_aside(legacy: ScriptDatabase):
    """A high-water mark would walk over it."""
    add_script(legacy)
    add_saves(legacy, lines("One."), lines("Two."))
    legacy.run()
    legacy.sql("UPDATE script_versions SET versionNumber = 3 WHERE versionNumber = 2")
    legacy.add("script_versions", (650, 7, 2, lines("Between."), DAY.format(1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=2, quarantined=1)
    assert [(row.source_key, row.code) for row in legacy.quarantined()] == [("[650]", "later_saves_came_over")]


@pytest.mark.parametrize(
    ("refused", "code"),
    [(lines("x" * (MAX_TEXT_BYTES + 1)), "L29"), ('{"version": 2, "lines": [', "L15")],
    ids=["long line", "no JSON"],
)
def test_a_save_that_our_rules_refuse_has_the_same_reason_in_each_run(legacy: ScriptDatabase, refused: str, code: str):
    add_script(legacy)
    add_saves(legacy, lines("One."), refused, lines("Two."))
    for _ in range(2):
        legacy.run()
        assert [(row.source_key, row.code) for row in legacy.quarantined()] == [("[702]", code)]


def test_scripts_of_two_tables_with_one_id_are_never_one(legacy: ScriptDatabase):
    add_script(legacy, content=lines("New."))
    legacy.sql(
        'CREATE TABLE "scripts old" (id INTEGER PRIMARY KEY, userId INTEGER, title TEXT, status TEXT, content TEXT, '
        "createdAt TEXT, updatedAt TEXT, versionNumber INTEGER, deletedAt TEXT)",
        'INSERT INTO "scripts old" SELECT * FROM scripts',
        "UPDATE \"scripts old\" SET content = 'Old.'",
    )

    counts = legacy.run()

    assert counts["scripts"] == Counts(migrated=1)
    assert counts["scripts old"] == Counts(quarantined=1)
    assert [(row.source_table, row.code) for row in legacy.quarantined()] == [("scripts old", "script_id_taken")]
    assert legacy.texts(7) == ["New."]


def test_a_script_that_is_set_aside_is_counted_and_closed_at_once(legacy: ScriptDatabase):
    """So that a worker that ends then leaves nothing to another one."""
    add_script(legacy, owner=99)
    add_saves(legacy, lines("One."))
    with legacy.context() as context:
        with legacy.unit_of_work.records() as tx:
            [item] = [each for each in tx.backfill_items.read(context.run_id) if each.name == "scripts [7]"]
            claimed = tx.backfill_items.claim(item, now=1, until=2)
        assert claimed is not None
        assert DOMAINS["scripts"].migrate(ItemWork(context, claimed, time.monotonic() + 9))
    with legacy.unit_of_work.records() as tx:
        stored = tx.backfill_items.get(item.id)
        assert stored is not None
        assert tx.backfill_items.claim(stored, now=1 << 60, until=1 << 61) is None
    assert stored.state == "done"
    assert decode_counts(stored.counts)["script_versions"] == Counts(quarantined=1)


def test_a_script_with_a_new_number_keeps_its_values_though_its_text_is_refused(legacy: ScriptDatabase):
    legacy.change_rule("scripts", keys="assigned")
    add_script(legacy, title="The\nFerry", content='{"version": 2, "lines": [')
    add_saves(legacy, lines("One."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["scripts"] == Counts(quarantined=1)
    with legacy.unit_of_work.reading() as tx:
        assert [row.title for row in tx.scripts.read(after=0, limit=9)] == ["The Ferry"]
        kept = [json.loads(row.content) for row in tx.legacy_rows.read("scripts")]
    assert [row["title"] for row in kept] == ["The\nFerry"]
