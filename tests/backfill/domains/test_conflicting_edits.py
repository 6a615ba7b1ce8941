"""Scripts that changed in the source and were edited here as well: nothing is overwritten, and each row is named."""

from __future__ import annotations

import pytest

from backfill.scripts.migrate_script import ScriptMigration
from tests.backfill.domains.edited_here import edit_here, head, set_aside
from tests.backfill.domains.script_database import (
    DAY,
    ScriptDatabase,
    add_saves,
    add_script,
    everything_is_counted,
    lines,
    overwrite,
)

BROKEN = '{"version":2,"lines":[{'


def test_a_new_text_of_a_script_that_was_edited_here_is_named(brought: ScriptDatabase) -> None:
    edit_here(brought, genre="noir")
    before = head(brought)
    overwrite(brought, lines("New."))

    for _ in range(2):
        counts = brought.run()

        assert everything_is_counted(brought, counts)
        assert (head(brought), set_aside(brought)) == (before, [("scripts", "[7]", "script_edited")])
    overwrite(brought, lines("One.", "Two."))
    brought.run()
    assert (head(brought), set_aside(brought), brought.differences()) == (before, [], [])


@pytest.mark.parametrize("change", ["text", "title", "archived"])
def test_an_edit_between_the_check_and_the_slice_is_named(
    brought: ScriptDatabase, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    write = ScriptMigration.write

    def edited_first(migration: ScriptMigration, *args: object) -> object:
        edit_here(brought, genre="noir")
        return write(migration, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(ScriptMigration, "write", edited_first)
    changed = {
        "text": f"content = '{lines('New.')}'",
        "title": "title = 'The Pier'",
        "archived": "deletedAt = updatedAt",
    }
    brought.sql(f"UPDATE scripts SET {changed[change]}")

    counts = brought.run()

    assert everything_is_counted(brought, counts)
    assert (brought.texts(7), set_aside(brought)) == (["One.", "Two."], [("scripts", "[7]", "script_edited")])
    monkeypatch.undo()
    brought.run()
    assert set_aside(brought) == [("scripts", "[7]", "script_edited")]


def test_a_script_that_was_archived_there_and_edited_here_is_named(brought: ScriptDatabase) -> None:
    edit_here(brought, genre="noir")
    brought.sql("UPDATE scripts SET deletedAt = updatedAt")

    brought.run()

    assert set_aside(brought) == [("scripts", "[7]", "script_edited")]
    assert [each.problem for each in brought.differences()] == ["the script is archived here or there only"]


def test_a_save_that_cannot_be_read_keeps_its_reason_when_the_script_is_edited_here(
    legacy: ScriptDatabase,
) -> None:
    add_script(legacy)
    add_saves(legacy, lines("One."), BROKEN)
    legacy.run()
    edit_here(legacy, genre="noir")

    legacy.run()

    assert set_aside(legacy) == [("script_versions", "[702]", "L15")]


def test_a_row_with_a_new_title_and_a_new_text_is_set_aside_once(legacy: ScriptDatabase) -> None:
    add_script(legacy, content=lines("One."))
    add_saves(legacy, lines("One."))
    legacy.run()
    edit_here(legacy, genre="noir")
    changed = f"title = 'The Pier', versionNumber = 2, content = '{lines('Two.')}', updatedAt = '{DAY.format(9)}'"
    legacy.sql(f"UPDATE scripts SET {changed}")

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert set_aside(legacy) == [("scripts", "[7]", "script_edited")]
