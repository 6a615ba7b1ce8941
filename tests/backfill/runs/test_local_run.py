"""Runs in one process: every row is counted once, a second run writes nothing, and an interrupted one continues."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backfill.domains import legacy_rows
from backfill.domains.base import Counts
from backfill.domains.registry import DOMAINS
from backfill.runs.local_run import run_here, scratch_ledger
from backfill.runs.opening import open_run, plan
from backfill.runs.progress import row_counts
from backfill.runs.run_context import run_context
from repos.legacy.connection import open_source
from tests.backfill.runs.backfill_setup import ROWS, TABLES, Backfill, table_rows

RUNS = ("backfill_runs", "backfill_items")


def kept_table(backfill: Backfill, table: str) -> dict[str, object]:
    with backfill.unit_of_work.reading() as tx:
        return {row.key: json.loads(row.content) for row in tx.legacy_rows.read(table)}


def test_every_row_comes_over_and_is_counted_once(backfill: Backfill):
    fed = backfill.run()

    assert (fed.run.state, fed.run.active, fed.held_by) == ("finished", None, None)
    with backfill.unit_of_work.reading() as tx:
        counts = row_counts(tx, fed.run)
    assert counts == {name: Counts(migrated=rows) for name, rows in TABLES.items()}
    assert kept_table(backfill, "ideas")["[3]"] == {"id": 3, "body": "idea 1 🎬"}
    assert kept_table(backfill, "tag_links") == {
        '["a",{"hex":"00ff"}]': {"idea": "a", "tag": {"hex": "00ff"}, "weight": 1.5},
        '["a",{"hex":"01"}]': {"idea": "a", "tag": {"hex": "01"}, "weight": None},
        '["ä",{"hex":"00"}]': {"idea": "ä", "tag": {"hex": "00"}, "weight": 2},
        '["b",{"hex":""}]': {"idea": "b", "tag": {"hex": ""}, "weight": 3},
    }
    # Equal rows without a key are rows of their own; text that is not Unicode can be had back.
    words = [row["word"] for row in kept_table(backfill, "loose").values()]  # type: ignore[index]
    assert words == ["one", "one", None, {"hex": "ff00"}]


def test_a_second_run_writes_no_row(backfill: Backfill, tmp_path: Path):
    backfill.run()
    before = table_rows(tmp_path / "ledger.db", but=RUNS)
    backfill.clock.pass_seconds(5)

    again = backfill.run()

    assert again.run.id == 2
    assert table_rows(tmp_path / "ledger.db", but=RUNS) == before
    with backfill.unit_of_work.reading() as tx:
        assert {name: counts.migrated for name, counts in row_counts(tx, again.run).items()} == TABLES
        assert {row.kept_at for name in TABLES for row in tx.legacy_rows.read(name)} == {
            again.run.opened_at - 5_000_000
        }


def test_a_changed_and_an_added_row_are_taken_over_by_the_next_run(backfill: Backfill):
    backfill.run()
    with closing(sqlite3.connect(backfill.file)) as connection:
        # One row below the last one that was read, at its place in the middle; one is changed.
        connection.execute("INSERT INTO ideas VALUES (4, 'late')")
        connection.execute("UPDATE ideas SET body = 'changed' WHERE id = 6")
        connection.commit()

    backfill.run()

    ideas = kept_table(backfill, "ideas")
    assert (len(ideas), ideas["[4]"], ideas["[6]"]) == (
        ROWS + 1, {"id": 4, "body": "late"}, {"id": 6, "body": "changed"}
    )  # fmt: skip


def test_one_refused_row_leaves_its_399_neighbours(backfill: Backfill, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.executescript(
            "CREATE TRIGGER refuse BEFORE INSERT ON legacy_rows WHEN NEW.content LIKE '%idea 77 %' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )

    fed = backfill.run()

    with backfill.unit_of_work.reading() as tx:
        [aside] = tx.quarantined_rows.read(fed.run.id)
        assert row_counts(tx, fed.run)["ideas"] == Counts(migrated=ROWS - 1, quarantined=1)
    assert (aside.row.source_table, aside.row.source_key, aside.row.code) == ("ideas", "[231]", "refused_by_database")
    assert "idea" not in aside.row.reason
    assert len(kept_table(backfill, "ideas")) == ROWS - 1


class Interrupted(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [1, 3, 7, 9])
def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch, after: int
):
    monkeypatch.setattr(legacy_rows, "ROWS_PER_TRANSACTION", 50)
    write, left = legacy_rows._write_together, [after]

    def interrupted(*args: object) -> None:
        write(*args)  # type: ignore[arg-type]
        left[0] -= 1
        if not left[0]:
            raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(legacy_rows, "_write_together", interrupted)
        with pytest.raises(Interrupted):
            backfill.run()
    backfill.clock.pass_seconds(200)  # its claim has expired
    monkeypatch.setattr(legacy_rows, "ROWS_PER_TRANSACTION", 70)  # other batches from here on

    fed = backfill.run()

    assert (fed.run.id, fed.run.state) == (1, "finished")
    with backfill.unit_of_work.reading() as tx:
        assert row_counts(tx, fed.run) == {name: Counts(migrated=rows) for name, rows in TABLES.items()}
        assert [len(tx.legacy_rows.read(name)) for name in TABLES] == list(TABLES.values())


def test_jaal_262_a_dry_run_changes_neither_side(backfill: Backfill, tmp_path: Path):
    before = (backfill.file.read_bytes(), (tmp_path / "ledger.db").read_bytes())
    mapping = backfill.mapping()

    with open_source(backfill.url) as source, scratch_ledger() as scratch:
        run, _ = open_run(scratch, source, mapping, share=None, clock=backfill.clock)
        context = run_context(run, source, scratch, backfill.clock)
        plan(context, lambda *_: None)
        fed = run_here(context, lambda _: None, clock=backfill.clock)
        with scratch.reading() as tx:
            assert sum(counts.migrated for counts in row_counts(tx, fed.run).values()) == sum(TABLES.values())

    assert (backfill.file.read_bytes(), (tmp_path / "ledger.db").read_bytes()) == before


def test_the_mapping_skips_and_sets_aside_rows(backfill: Backfill):
    table = "[tables.ideas]"
    decided = (
        'decisions = [{ code = "L36", key = [3], do = "skip", reason = "a test" }, '
        '{ code = "L36", key = [6], do = "quarantine" }]'
    )
    lines = backfill.mapping().split("\n")
    place = next(number for number, line in enumerate(lines) if line.startswith(table))
    lines.insert(place + 1, decided)

    fed = backfill.run(mapping="\n".join(lines))

    with backfill.unit_of_work.reading() as tx:
        assert row_counts(tx, fed.run)["ideas"] == Counts(migrated=ROWS - 2, quarantined=1, skipped=1)
        assert [row.row.source_key for row in tx.quarantined_rows.read(fed.run.id)] == ["[6]"]


def test_the_proof_finds_what_was_changed_and_what_is_missing(backfill: Backfill, tmp_path: Path):
    backfill.run()
    domain = DOMAINS["legacy_rows"]
    with backfill.context() as context:
        assert [*domain.prove(context, "ideas")] == []
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
            connection.execute("DELETE FROM legacy_rows WHERE source_key = '[9]' AND source_table = 'ideas'")
            connection.execute("UPDATE legacy_rows SET content = '{}' WHERE source_key = '[12]'")
            connection.commit()
        found = [*domain.prove(context, "ideas")]
    assert [(each.source_key, each.problem) for each in found] == [
        ("[9]", "the row is not kept"),
        ("[12]", "the kept row differs"),
    ]
