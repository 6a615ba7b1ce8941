"""Incidents of other migrations that concern copying, each a test of how saves of scripts come over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from backfill.domains.base import Counts, Difference
from backfill.mapping.model import Mapping
from domain.errors import Conflict
from materialization.history.blame import blame
from materialization.history.version_lookup import version_at
from materialization.write_path import backfill_slice
from materialization.write_path.settlement import Settlement
from tests.backfill.domains.script_database import (
    DAY,
    ScriptDatabase,
    add_saves,
    add_script,
    everything_is_counted,
    lines,
)
from tests.materialization.writer import SECOND

DAY_1 = 1_612_173_600 * SECOND  # 2021-02-01 10:00 UTC
HOUR = 3_600 * SECOND


def times(legacy: ScriptDatabase) -> list[int]:
    with legacy.unit_of_work.reading() as tx:
        return [save.saved_at for _, save in tx.legacy_versions.read(7)]


def test_gh_ost_1684_no_checkpoint_is_ahead_of_its_saves(
    legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    add_script(legacy)
    add_saves(legacy, *(lines(f"Save {number}.") for number in range(6)))
    write, attempts = Settlement.write, 0

    def failing(settlement: Settlement) -> None:
        nonlocal attempts
        attempts += 1
        write(settlement)
        if attempts % 2:  # after the rows, before the commit
            raise Conflict("the connection was lost")

    monkeypatch.setattr(Settlement, "write", failing)

    assert legacy.run()["script_versions"] == Counts(migrated=6)
    assert [legacy.texts(7, version) for _, version in legacy.saves(7)] == [[f"Save {n}."] for n in range(6)]
    assert legacy.differences() == []


def test_spirit_151_a_save_deleted_between_passes_is_no_ghost(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    add_saves(legacy, lines("One."), lines("Two."), lines("Three."))
    legacy.run()
    legacy.sql("DELETE FROM script_versions WHERE id = 702")

    gone = "the ledger has versions of a row that the source does not have"
    assert legacy.differences() == [Difference("script_versions", "702", gone)]


@pytest.mark.parametrize(("zone", "hours"), [("UTC", 0), ("-06:00", 6), ("+05:30", -5.5)])
def test_gh_ost_247_and_prisma_orm_5051_times_are_read_in_the_zone_of_their_column(
    legacy: ScriptDatabase, zone: str, hours: float
) -> None:
    add_script(legacy)
    add_saves(legacy, lines("One."))
    drafted = legacy.mapped

    def in_zone(mapping: Mapping) -> Mapping:
        mapping = drafted(mapping)
        table = mapping.tables["script_versions"]
        column = replace(table.columns["createdAt"], time_zone=zone)
        table = replace(table, columns={**table.columns, "createdAt": column})
        return replace(mapping, tables={**mapping.tables, "script_versions": table})

    legacy.mapped = in_zone
    legacy.run()

    assert times(legacy) == [DAY_1 + int(hours * HOUR)]


def test_codimd_521_a_save_that_was_cut_at_64_kilobytes_is_named_and_comes_over_as_it_is(
    legacy: ScriptDatabase,
) -> None:
    add_script(legacy)
    whole = "A long line.\n" * 6_000
    texts = [whole[:60_000], whole[:65_535], whole[:65_533] + "é", whole]
    add_saves(legacy, *texts)

    assert [each.key for each in legacy.findings() if (each.code, each.decision) == ("L10", "block")] == ["702", "703"]
    counts = legacy.run()
    assert counts["script_versions"] == Counts(migrated=4)
    assert ["\n".join(legacy.texts(7, version)) for _, version in legacy.saves(7)] == [
        text.rstrip("\n") for text in texts
    ]


def test_tidb_tools_703_saves_that_were_changed_alike_are_found(legacy: ScriptDatabase, tmp_path: Path) -> None:
    add_script(legacy)
    add_saves(legacy, *(lines(f"Save {number}.") for number in range(6)))
    legacy.run()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("UPDATE legacy_versions SET saved_at = saved_at + 3600000000 WHERE number IN (1, 2, 4, 5)")
        connection.commit()

    assert [each.source_key for each in legacy.differences()] == ["[701]", "[702]", "[704]", "[705]"]


def test_claude_mem_3917_saves_of_one_time_all_come_over(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    add_saves(legacy, *(lines(f"Save {number}.") for number in range(9)))
    legacy.sql(f"UPDATE script_versions SET createdAt = '{DAY.format(1)}'")

    assert legacy.run()["script_versions"] == Counts(migrated=9)
    legacy.add("script_versions", (710, 7, 10, lines("Later, at the same time."), DAY.format(1)))
    assert legacy.run()["script_versions"] == Counts(migrated=10)
    assert legacy.texts(7) == ["Later, at the same time."]
    assert legacy.differences() == []


def test_vitess_9715_texts_that_a_collation_calls_equal_are_different_saves(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    texts = ["Straße", "Strasse", "STRASSE", "strasse ", "e\u0301", "\xe9"]
    add_saves(legacy, *(lines(text) for text in texts))

    assert legacy.run()["script_versions"] == Counts(migrated=6)
    assert [legacy.texts(7, version) for _, version in legacy.saves(7)] == [[text] for text in texts]


def test_wp_calypso_100535_an_emoji_survives_in_title_and_text(legacy: ScriptDatabase) -> None:
    add_script(legacy, title="Die Fähre 🌫️🎬")
    add_saves(legacy, lines("Nebel 👩‍👩‍👧. 🌫️"))

    legacy.run()

    assert legacy.texts(7) == ["Nebel 👩‍👩‍👧. 🌫️"]
    with legacy.unit_of_work.reading() as tx:
        assert [row.title for row in tx.scripts.read(after=0, limit=9)] == ["Die Fähre 🌫️🎬"]


@pytest.mark.parametrize("value", ["0000-00-00 00:00:00", "2021-00-10 00:00:00", "", None])
def test_prisma_orm_24522_zero_dates_lose_no_save_and_no_order(legacy: ScriptDatabase, value: str | None) -> None:
    add_script(legacy, createdAt=value, updatedAt=value)
    add_saves(legacy, lines("One."), lines("Two."), lines("Three."))
    shown = "NULL" if value is None else f"'{value}'"
    legacy.sql(f"UPDATE script_versions SET createdAt = {shown} WHERE versionNumber = 2")

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert [number for number, _ in legacy.saves(7)] == [1, 2, 3]
    assert times(legacy) == sorted(times(legacy))
    assert legacy.differences() == []


def test_dmptool_195_lists_and_dates_are_those_of_before(legacy: ScriptDatabase) -> None:
    for script_id, day in ((7, 3), (8, 9), (9, 5)):
        add_script(legacy, script_id, updatedAt=DAY.format(day))
    add_saves(legacy, lines("One."), lines("Two."))

    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        rows = tx.scripts.read(after=0, limit=9)
        assert [row.id for row in sorted(rows, key=lambda row: row.updated_at)] == [7, 9, 8]
        assert version_at(tx, 7, DAY_1 + HOUR) == legacy.saves(7)[0][1]


def test_exportimport_216_revisions_keep_their_authors(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    add_saves(legacy, lines("One."), lines("One.", "Two."))
    for number, author in ((1, "user"), (2, "ai")):
        payload = f'{{"versionNumber": {number}}}'
        legacy.add("script_commands", (number, 7, "save", payload, author, DAY.format(number)))

    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        assert [line.author for line in blame(tx, 7).lines] == ["user", "ai"]


def test_datahub_19369_one_bad_save_fails_none_of_its_neighbours(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    contents = [lines(f"Save {number}.") for number in range(9)]
    contents[4] = '{"version":2,"lines":[{'
    add_saves(legacy, *contents)

    assert legacy.run()["script_versions"] == Counts(migrated=8, quarantined=1)


def test_opik_6782_what_is_undecided_holds_the_run(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    legacy.sql("CREATE TABLE revisions (id INTEGER PRIMARY KEY, script_id INTEGER, patch TEXT, content TEXT)")
    legacy.add("revisions", (1, 7, "@@ -1 +1 @@\n-a\n+b\n", None))

    counts = legacy.run()

    assert counts["revisions"] == Counts(quarantined=1)
    with legacy.unit_of_work.reading() as tx:
        run = tx.backfill_runs.get(legacy.run_id)
    assert run is not None
    assert (run.state, run.held_by) == ("running", "scripts: 1 quarantined row to decide")
