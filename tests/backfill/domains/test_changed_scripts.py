"""Titles, statuses and other fields that change in the source after their script came over."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backfill.mapping.model import ColumnRule, Mapping
from materialization.history.state_at import state_at
from materialization.history.version_lookup import version_at
from tests.backfill.domains.edited_here import edit_here
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
DAYS = 86_400 * SECOND


@pytest.fixture
def legacy(legacy: ScriptDatabase) -> ScriptDatabase:
    """A script with two saves and a field of its own."""
    legacy.sql("ALTER TABLE scripts ADD genre TEXT")
    drafted = legacy.mapped

    def mapped(mapping: Mapping) -> Mapping:
        mapping = drafted(mapping)
        table = mapping.tables["scripts"]
        table = replace(table, columns={**table.columns, "genre": ColumnRule(to="metadata.genre")})
        return replace(mapping, tables={**mapping.tables, "scripts": table})

    legacy.mapped = mapped
    add_script(legacy, genre="drama")
    add_saves(legacy, lines("One."), lines("Two."))
    return legacy


def metadata(legacy: ScriptDatabase, version: int | None = None) -> dict[str, Any]:
    with legacy.unit_of_work.reading() as tx:
        state = state_at(tx, 7, version)
    return {name: value for name, value in state.metadata.items() if name != "owner"}


def kinds(legacy: ScriptDatabase) -> list[str]:
    with legacy.unit_of_work.reading() as tx:
        return [entry.kind for entry in tx.commands.read(7, upto=tx.heads.require(7).version)]


def problems(legacy: ScriptDatabase) -> list[str]:
    return [each.problem for each in legacy.differences()]


def test_a_changed_title_and_other_fields_follow_as_a_command(legacy: ScriptDatabase) -> None:
    legacy.run()
    before = kinds(legacy)
    changed = "title = 'The Pier', status = 'complete', genre = 'comedy', updatedAt = '2021-03-09 10:00:00'"
    legacy.sql(f"UPDATE scripts SET {changed}")
    assert set(problems(legacy)) >= {"the script has another title", "the script has another genre"}

    counts = legacy.run()

    assert metadata(legacy) == {"title": "The Pier", "status": "complete", "genre": "comedy"}
    assert metadata(legacy, len(before)) == {"title": "The Ferry", "status": "draft", "genre": "drama"}
    assert kinds(legacy) == [*before, "script.set_metadata"]
    assert legacy.origins(7)[-1] == ("scripts", "7", None, "user", "")
    assert problems(legacy) == []
    assert legacy.quarantined() == []
    with legacy.unit_of_work.reading() as tx:
        # The texts of before have the title of before.
        assert version_at(tx, 7, DAY_1 + 9 * DAYS) == len(before)
        assert [row.title for row in tx.scripts.read(after=0, limit=9)] == ["The Pier"]
    assert legacy.run() == counts
    assert kinds(legacy) == [*before, "script.set_metadata"]


def test_a_title_alone_is_enough(legacy: ScriptDatabase) -> None:
    legacy.run()
    legacy.sql("UPDATE scripts SET title = 'The Pier'")

    legacy.run()

    assert metadata(legacy)["title"] == "The Pier"
    assert problems(legacy) == []


def test_a_field_that_the_source_emptied_is_removed(legacy: ScriptDatabase) -> None:
    legacy.run()
    legacy.sql("UPDATE scripts SET genre = NULL, status = NULL")
    assert problems(legacy) == ["the script has another genre"]

    legacy.run()

    assert metadata(legacy) == {"title": "The Ferry", "status": "draft"}
    assert problems(legacy) == []


def test_new_saves_come_before_the_new_title(legacy: ScriptDatabase) -> None:
    legacy.run()
    legacy.sql("UPDATE scripts SET title = 'The Pier'")
    legacy.add("script_versions", (703, 7, 3, lines("Three."), DAY.format(3)))
    legacy.run()
    legacy.add("script_versions", (704, 7, 4, lines("Four."), DAY.format(4)))
    legacy.run()

    assert metadata(legacy)["title"] == "The Pier"
    assert [number for number, _ in legacy.saves(7)] == [1, 2, 3, 4]
    assert problems(legacy) == []


def test_an_archived_script_takes_its_new_title_and_stays_archived(legacy: ScriptDatabase) -> None:
    legacy.sql(f"UPDATE scripts SET deletedAt = '{DAY.format(9)}'")
    legacy.run()
    legacy.sql("UPDATE scripts SET title = 'The Pier'")

    legacy.run()

    assert metadata(legacy)["title"] == "The Pier"
    assert kinds(legacy)[-4:] == ["script.archive", "script.unarchive", "script.set_metadata", "script.archive"]
    assert problems(legacy) == []


def test_a_script_that_was_edited_here_keeps_its_title_and_is_named(legacy: ScriptDatabase) -> None:
    legacy.run()
    edit_here(legacy, genre="noir")
    assert legacy.quarantined() == []
    legacy.sql("UPDATE scripts SET title = 'The Pier'")

    for _ in range(2):
        legacy.run()

        assert metadata(legacy)["title"] == "The Ferry"
        assert [(row.source_table, row.source_key, row.code) for row in legacy.quarantined()] == [
            ("scripts", "[7]", "script_edited")
        ]
        assert problems(legacy) == ["the script has another title"]
    legacy.sql("UPDATE scripts SET title = 'The Ferry'")
    legacy.run()
    assert legacy.quarantined() == []
    assert problems(legacy) == []


@pytest.mark.parametrize("title", ["The Ferry", "The Pier"])
def test_new_saves_of_a_script_that_was_edited_here_are_set_aside_and_the_others_go_on(
    legacy: ScriptDatabase, title: str
) -> None:
    legacy.run()
    edit_here(legacy, genre="noir")
    before = len(legacy.saves(7))
    legacy.sql(f"UPDATE scripts SET title = '{title}'")
    legacy.add("script_versions", (790, 7, 90, lines("Later."), DAY.format(8)))
    add_script(legacy, 8, genre="drama")
    add_saves(legacy, lines("Another script."), script_id=8)

    for _ in range(2):
        counts = legacy.run()

        assert everything_is_counted(legacy, counts)
        assert (len(legacy.saves(7)), legacy.texts(8)) == (before, ["Another script."])
        aside = {(row.source_table, row.source_key): row.code for row in legacy.quarantined()}
        assert aside.pop(("script_versions", "[790]")) == "script_edited"
        assert aside == ({} if title == "The Ferry" else {("scripts", "[7]"): "script_edited"})


def test_a_row_that_is_only_touched_is_no_change(legacy: ScriptDatabase) -> None:
    legacy.run()
    edit_here(legacy, title="Mine.")
    legacy.sql(f"UPDATE scripts SET updatedAt = '{DAY.format(8)}', versionNumber = 9")

    legacy.run()

    assert legacy.quarantined() == []
    assert metadata(legacy)["title"] == "Mine."


def test_another_owner_is_named(legacy: ScriptDatabase) -> None:
    legacy.run()
    legacy.sql("UPDATE scripts SET userId = 2")

    legacy.run()

    assert [(row.source_key, row.code) for row in legacy.quarantined()] == [("[7]", "owner_changed")]
    assert problems(legacy) == ["the script has another owner"]
