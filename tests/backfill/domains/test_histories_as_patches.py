"""Histories stored as patches come over: every revision with its text, its time, and its patch as it was."""

from __future__ import annotations

import json
import sqlite3
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backfill.domains import scripts
from backfill.domains.base import Counts, ItemWork, decode_counts
from backfill.domains.registry import DOMAINS
from backfill.domains.script_log.source import ScriptSource
from backfill.scripts.histories import chain_steps, fitting_layouts
from materialization.write_path.settlement import Settlement
from repos.legacy.connection import Source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.patch_rows import TABLES, TEXTS, add_chain, saves
from tests.backfill.domains.script_database import DAY, ScriptDatabase, everything_is_counted, lines
from tests.legacy.patch_maker import make_patch, make_patches
from tests.materialization.writer import Clock


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    return ScriptDatabase(tmp_path, ledger, Clock(), TABLES)


def test_every_revision_is_a_version_with_its_time(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["revisions"] == Counts(migrated=4)
    assert saves(legacy) == [text.rstrip("\n") for text in TEXTS]
    with legacy.unit_of_work.reading() as tx:
        times = [save.saved_at for _, save in tx.legacy_versions.read(7)]
    assert times == sorted(set(times))
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_the_content_of_a_revision_may_have_any_shape(legacy: ScriptDatabase) -> None:
    texts = [lines("One.") + "\n", lines("One.", "Two.") + "\n", lines("One, changed.", "Two.") + "\n"]
    add_chain(legacy, texts)

    legacy.run()

    assert saves(legacy) == ["One.", "One.\nTwo.", "One, changed.\nTwo."]
    assert legacy.differences() == []


def test_the_patches_are_kept_as_they_were(legacy: ScriptDatabase, tmp_path: Path) -> None:
    add_chain(legacy, TEXTS)
    legacy.run()

    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        kept = connection.execute("SELECT content FROM legacy_rows WHERE source_table = 'revisions' ORDER BY id")
        found = [json.loads(content) for (content,) in kept]

    assert [row["patch"] for row in found] == [None, *make_patches(TEXTS)]
    assert found[0]["length"] == len(TEXTS[0])


def test_a_broken_patch_sets_aside_the_revisions_that_need_it(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS, first=TEXTS[0])
    add_chain(legacy, TEXTS, note=8)
    legacy.change_rule("revisions", patch_layout="from_previous")
    legacy.sql(
        "INSERT INTO notes SELECT 8, 1, 'Lost', NULL, createdAt, updatedAt FROM notes",
        "UPDATE revisions SET patch = '@@ -1 +1 @@\n-x\n+y\n' WHERE id IN (703, 803)",
    )

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["revisions"] == Counts(migrated=6, quarantined=2)
    assert saves(legacy) == [text.rstrip("\n") for text in TEXTS]
    assert [(row.source_key, row.code, row.reason) for row in legacy.quarantined()] == [
        ("[801]", "L44", "A patch between this save and the nearest whole text cannot be applied."),
        ("[802]", "L44", "Hunk 1 of the patch does not fit the text it is applied to."),
    ]
    assert [(f"[{each.key}]", each.code, each.note) for each in legacy.findings() if each.code == "L44"] == [
        (row.source_key, row.code, row.reason) for row in legacy.quarantined()
    ]
    assert legacy.differences() == []


def test_a_repaired_patch_brings_nothing_before_what_came_over(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS)
    legacy.decide(L44="quarantine")
    legacy.change_rule("revisions", patch_layout="from_previous")
    legacy.sql("UPDATE revisions SET patch = NULL WHERE id = 703")
    legacy.run()
    legacy.sql(f"UPDATE revisions SET patch = '{make_patch(TEXTS[1], TEXTS[2])}' WHERE id = 703")

    counts = legacy.run()

    assert counts["revisions"] == Counts(migrated=2, quarantined=2)
    assert {row.code for row in legacy.quarantined()} == {"later_saves_came_over"}


def test_a_newer_text_of_the_script_is_one_save_more(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS)
    legacy.sql("UPDATE notes SET content = 'The newest.'")

    legacy.run()

    assert saves(legacy) == [*(text.rstrip("\n") for text in TEXTS), "The newest."]
    assert legacy.differences() == []


def test_a_single_revision_has_its_text_in_another_column(legacy: ScriptDatabase) -> None:
    legacy.add("revisions", (701, 7, None, "Only one.", None, 9, DAY.format(1)))

    legacy.run()

    assert saves(legacy) == ["Only one."]


def test_saves_that_cannot_be_rebuilt_wait_for_a_decision(legacy: ScriptDatabase) -> None:
    add_chain(legacy, TEXTS)
    legacy.change_rule("revisions", patch_layout="from_previous")
    legacy.sql("UPDATE revisions SET patch = NULL WHERE id = 703")
    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        run = tx.backfill_runs.get(legacy.run_id)

    assert run is not None
    assert (run.state, str(run.held_by)) == ("running", "scripts: 2 quarantined rows to decide")


def test_a_chain_continues_after_each_end_of_its_worker(
    legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker writes one save, and every second one ends before its commit."""
    texts = [f"Line {number}.\n" * 2 for number in range(12)]
    add_chain(legacy, texts)
    monkeypatch.setattr(scripts, "MIN_SLICE_SECONDS", 0)
    write, attempts = Settlement.write, 0

    def ending(settlement: Settlement) -> None:
        nonlocal attempts
        attempts += 1
        if attempts % 2:
            raise KeyboardInterrupt
        write(settlement)

    monkeypatch.setattr(Settlement, "write", ending)
    now = 1 << 60
    for domain, name in (("users", "users"), ("scripts", "notes [7]")):
        complete = False
        while not complete:
            with legacy.context() as context, legacy.unit_of_work.records() as tx:
                [item] = [each for each in tx.backfill_items.read(context.run_id) if each.name == name]
                claimed = tx.backfill_items.claim(item, now=now, until=now + 1)
            now += 2
            assert claimed is not None
            with legacy.context() as context, suppress(KeyboardInterrupt):
                complete = DOMAINS[domain].migrate(ItemWork(context, claimed, deadline=0))

    assert saves(legacy) == [text.rstrip("\n") for text in texts]
    assert attempts >= 2 * len(texts)
    with legacy.unit_of_work.reading() as tx:
        [item] = [each for each in tx.backfill_items.read(1) if each.name == "notes [7]"]
    assert decode_counts(item.counts)["revisions"] == Counts(migrated=12)


def test_a_long_chain_is_walked_a_few_times_and_never_held(
    legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"Line {number}.\n" + "x" * 2_000 + "\n" for number in range(600)]
    add_chain(legacy, texts)
    read = 0
    apply, revert = chain_steps.apply_patch, chain_steps.revert_patch

    def counted(work: Callable[..., None], *arguments: Any) -> None:
        nonlocal read
        read += 1
        work(*arguments)

    monkeypatch.setattr(chain_steps, "apply_patch", partial(counted, apply))
    monkeypatch.setattr(chain_steps, "revert_patch", partial(counted, revert))
    with legacy.context() as context:
        found = ScriptSource(context).read("notes [7]")
        assert found is not None
        tracemalloc.start()
        lengths = [len(save.content) for save in found.saves.read(0)]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert lengths == [len(text) for text in texts]
    assert read <= 3 * len(texts) + 2 * fitting_layouts.TRIED_PATCHES
    assert peak < 2_000_000


def test_a_script_without_revisions_has_its_own_text_or_none(legacy: ScriptDatabase) -> None:
    legacy.sql("INSERT INTO notes SELECT 8, 1, 'With a text', 'Only here.', createdAt, updatedAt FROM notes")

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert (legacy.texts(7), legacy.texts(8)) == ([], ["Only here."])
    assert legacy.differences() == []


def test_a_scan_reads_the_rows_of_scripts_in_pages(legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    for note in range(100, 200):
        legacy.add("notes", (note, 1, "A note", None, "2021-02-01", "2021-02-01"))
    add_chain(legacy, TEXTS)
    stream, queries = Source.stream, Counter[str | None]()

    def counted(source: Source, *args: Any, table: str | None = None, **options: Any) -> Any:
        queries[table] += 1
        return stream(source, *args, table=table, **options)

    monkeypatch.setattr(Source, "stream", counted)

    assert [each for each in legacy.findings() if each.code == "L44"] == []
    assert queries["notes"] < 20
