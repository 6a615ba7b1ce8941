"""A table of patches is read in one layout, by the scan, the run and its proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.certificate.earlier_mappings import changed_rules
from backfill.domains.base import Counts
from backfill.runs.run_options import load_options
from backfill.scripts.histories import patch_chain, table_layouts
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.patch_rows import TABLES, TEXTS, add_chain, saves
from tests.backfill.domains.script_database import ScriptDatabase
from tests.legacy.patch_maker import make_patch
from tests.materialization.writer import Clock


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    return ScriptDatabase(tmp_path, ledger, Clock(), TABLES)


def test_a_damaged_chain_is_read_like_the_others_by_the_run_and_its_proof(
    legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone it seems to lead the other way: each of its patches fits the text after it too."""
    appended = ["One.\n", "One.\nTwo.\n", "One.\nTwo.\nThree.\n", "One.\nTwo.\nThree.\nFour.\n"]
    add_chain(legacy, appended)
    add_chain(legacy, TEXTS, note=8, first=TEXTS[0])
    legacy.sql(
        "INSERT INTO notes SELECT 8, 1, 'Whole', NULL, createdAt, updatedAt FROM notes",
        "UPDATE revisions SET patch = NULL WHERE id = 704",
        f"UPDATE revisions SET patch = '{make_patch(appended[2], appended[3])}' WHERE id = 703",
    )
    legacy.run()

    assert saves(legacy) == [appended[3].rstrip("\n")]
    assert [row.source_key for row in legacy.quarantined()] == ["[701]", "[702]", "[703]"]
    monkeypatch.delattr(table_layouts, "sampled_layout")
    assert legacy.differences() == []


def test_histories_that_do_not_show_their_layout_wait_for_it(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS)
    legacy.sql("UPDATE revisions SET patch = NULL WHERE id = 703")

    counts = legacy.run()

    assert counts["revisions"] == Counts(migrated=1, quarantined=3)
    assert {row.reason for row in legacy.quarantined()} == {patch_chain.LAYOUT_UNDECIDED.message}
    assert {each.note for each in legacy.findings() if each.code == "L44"} == {patch_chain.LAYOUT_UNDECIDED.message}
    legacy.change_rule("revisions", patch_layout="from_previous")
    assert legacy.run()["revisions"].quarantined > 0
    assert legacy.differences() == []


def test_a_script_that_fits_only_another_layout_is_named(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS)
    add_chain(legacy, TEXTS, note=8, first=TEXTS[0])
    legacy.change_rule("revisions", patch_layout="from_next")
    legacy.sql("INSERT INTO notes SELECT 8, 1, 'Whole', NULL, createdAt, updatedAt FROM notes")

    notes = {each.note for each in legacy.findings() if each.code == "L44"}

    assert notes == {patch_chain.OTHER_LAYOUT.format(name="from_previous")}


def test_a_layout_that_is_written_later_changes_nothing_of_what_came_over(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS, first=TEXTS[0])
    legacy.run()
    with legacy.unit_of_work.reading() as tx:
        [run] = tx.backfill_runs.read(limit=1)
        assert load_options(run.options).patch_layouts == {"revisions": "from_previous"}
        tx_runs = len(tx.backfill_runs.read(limit=9))
    legacy.change_rule("revisions", patch_layout="from_previous")
    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        latest = tx.backfill_runs.read(limit=1)[0]
        assert len(tx.backfill_runs.read(limit=9)) == tx_runs + 1
        assert changed_rules(tx, latest) == {}
    assert legacy.certificate().problems == []
