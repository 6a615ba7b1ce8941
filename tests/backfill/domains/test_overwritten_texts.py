"""Texts in the rows of scripts, which the application overwrites: each run brings the newest one as a version."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest

from materialization.history.version_lookup import version_at
from materialization.write_path import backfill_slice
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
from tests.materialization.writer import SECOND

DAY_1 = 1_612_173_600 * SECOND  # 2021-02-01 10:00 UTC
DAYS = 86_400 * SECOND
BROKEN = '{"version":2,"lines":[{'


def test_a_text_that_was_overwritten_is_one_more_version_with_its_time(brought: ScriptDatabase) -> None:
    first = head(brought)
    overwrite(brought, lines("One.", "Three."), versionNumber="2")
    assert [each.problem for each in brought.differences()] != []

    counts = brought.run()

    assert counts["scripts"].migrated == 1
    assert (head(brought), brought.texts(7), brought.texts(7, first)) == (
        first + 1,
        ["One.", "Three."],
        ["One.", "Two."],
    )
    assert brought.origins(7)[-1] == ("scripts", "7", 2, "user", "")
    with brought.unit_of_work.reading() as tx:
        assert version_at(tx, 7, DAY_1 + 2 * DAYS - 1) == first
        assert version_at(tx, 7, DAY_1 + 2 * DAYS) == first + 1
    assert brought.differences() == []
    assert brought.run() == counts
    assert head(brought) == first + 1


def test_a_text_that_returns_is_a_version_again(brought: ScriptDatabase) -> None:
    first = head(brought)
    for place, text in enumerate(("Other.", "One.", "Other."), 1):
        overwrite(brought, lines(text, "Two."), day=2 + place)
        brought.run()
        assert (head(brought), brought.texts(7)) == (first + place, [text, "Two."])
        assert brought.differences() == []


@pytest.mark.parametrize(
    "content", ["INT. FERRY - DAY\n\nMara waits.\n", "Plain text.\nOf two lines.", "<action>New.</action>"]
)
def test_the_new_text_may_have_another_shape(brought: ScriptDatabase, content: str) -> None:
    overwrite(brought, content)

    brought.run()

    assert brought.texts(7) != ["One.", "Two."]
    assert brought.differences() == []


def test_a_new_text_and_a_new_title_come_in_this_order(brought: ScriptDatabase) -> None:
    overwrite(brought, lines("New."), title="The Pier")

    brought.run()

    with brought.unit_of_work.reading() as tx:
        kinds = [entry.kind for entry in tx.commands.read(7, upto=head(brought))]
    assert kinds[-1] == "script.set_metadata"
    assert brought.texts(7) == ["New."]
    assert brought.differences() == []


def test_the_text_of_an_archived_script_follows_and_it_stays_archived(brought: ScriptDatabase) -> None:
    brought.sql(f"UPDATE scripts SET deletedAt = '{DAY.format(2)}'")
    brought.run()
    overwrite(brought, lines("New."))

    brought.run()

    assert brought.texts(7) == ["New."]
    assert brought.differences() == []


@pytest.mark.parametrize("edited", [False, True])
def test_a_row_that_is_only_touched_is_no_new_text(brought: ScriptDatabase, edited: bool) -> None:
    if edited:
        edit_here(brought, genre="noir")
    before = head(brought)
    overwrite(brought, lines("One.", "Two."), day=5, versionNumber="9")

    brought.run()

    assert (head(brought), set_aside(brought), brought.differences()) == (before, [], [])


def test_an_empty_text_is_a_version_without_lines(brought: ScriptDatabase) -> None:
    overwrite(brought, "")

    brought.run()

    assert brought.texts(7) == []
    assert brought.differences() == []


def test_a_new_text_that_cannot_be_read_is_set_aside_until_it_can(brought: ScriptDatabase) -> None:
    overwrite(brought, BROKEN)
    for _ in range(2):
        brought.run()
        assert (brought.texts(7), set_aside(brought)) == (["One.", "Two."], [("scripts", "[7]", "L15")])
        assert brought.differences() == []  # by default it is decided that such a text stays where it is
    overwrite(brought, lines("New."))

    brought.run()

    assert (brought.texts(7), set_aside(brought), brought.differences()) == (["New."], [], [])


@pytest.mark.parametrize("other", ['{"version":3', '{"version":2,"pages":1'])
def test_the_usual_bytes_of_the_same_lines_take_the_place_of_others(brought: ScriptDatabase, other: str) -> None:
    before = head(brought)
    usual = json.dumps(json.loads(lines("One.", "Two.")), separators=(",", ":"))
    for day, content in enumerate((usual.replace('{"version":2', other), usual), 3):
        overwrite(brought, content, day=day)
        assert brought.differences() != []

        brought.run()

        assert (head(brought), brought.texts(7), brought.differences()) == (before, ["One.", "Two."], [])


def test_other_bytes_of_the_same_lines_are_kept_without_a_version(brought: ScriptDatabase) -> None:
    before = head(brought)
    for pages in (2, 3):
        content = json.dumps({"content": json.loads(lines("One.", "Two.")), "format": "plain", "pageCount": pages})
        overwrite(brought, content, day=2 + pages)

        brought.run()

        assert (head(brought), brought.differences()) == (before, [])


@pytest.mark.parametrize(
    ("content", "day", "with_saves"),  # the day of the row: a clock may run backwards
    [
        ("", 5, True),
        (None, 1, True),
        (None, 5, False),
        *(pytest.param(content, day, True, marks=pytest.mark.slow) for content in (" \n", lines()) for day in (5, 1)),
        pytest.param("", 1, True, marks=pytest.mark.slow),
        pytest.param(" \n", 1, False, marks=pytest.mark.slow),
    ],
)
def test_a_text_that_was_removed_from_its_row_is_a_version_without_lines(
    legacy: ScriptDatabase, content: str | None, day: int, *, with_saves: bool
) -> None:
    add_script(legacy, content=lines("One.", "Two."), updatedAt=DAY.format(4))
    if with_saves:
        add_saves(legacy, lines("One."), lines("Two."))
    legacy.run()
    before = head(legacy)
    overwrite(legacy, content, day=day)

    for _ in range(2):
        counts = legacy.run()

        assert (legacy.texts(7), legacy.texts(7, before)) == ([], ["One.", "Two."])
        assert (head(legacy), set_aside(legacy), legacy.differences()) == (before + 1, [], [])
        assert everything_is_counted(legacy, counts)

    overwrite(legacy, lines("Three."), day=6)
    legacy.run()
    assert (legacy.texts(7), legacy.differences()) == (["Three."], [])


def test_a_save_after_a_text_that_was_removed_is_the_newest(legacy: ScriptDatabase) -> None:
    add_script(legacy, content=lines("One."), updatedAt=DAY.format(4))
    legacy.run()
    overwrite(legacy, None, day=5)
    legacy.add("script_versions", (701, 7, 1, lines("Two."), DAY.format(6)))

    for _ in range(2):
        legacy.run()

        assert (legacy.texts(7), set_aside(legacy), legacy.differences()) == (["Two."], [], [])


def test_a_blank_text_next_to_saves_is_none(legacy: ScriptDatabase) -> None:
    add_script(legacy, content=" \n", updatedAt=DAY.format(4))
    add_saves(legacy, lines("One."))
    legacy.run()

    assert (legacy.texts(7), legacy.differences()) == (["One."], [])
    assert {each.code for each in legacy.findings() if each.table == "scripts"} == {"L22"}


Step = Callable[[ScriptDatabase, int, str], None]


def _text(legacy: ScriptDatabase, second: int, text: str) -> None:
    at = f"2021-02-05 10:00:{second:02}"
    legacy.sql(f"UPDATE scripts SET content = '{lines(text)}', updatedAt = '{at}', versionNumber = {second}")


def _save(legacy: ScriptDatabase, second: int, text: str) -> None:
    legacy.add("script_versions", (800 + second, 7, second, lines(text), f"2021-02-05 10:00:{second:02}"))


def _text_and_save(legacy: ScriptDatabase, second: int, text: str) -> None:
    _text(legacy, second, text)
    _save(legacy, second, text)


def _touch(legacy: ScriptDatabase, second: int, text: str) -> None:
    legacy.sql(f"UPDATE scripts SET title = '{text} {second}', updatedAt = '2021-02-05 10:00:{second:02}'")


def _broken_save(legacy: ScriptDatabase, second: int, text: str) -> None:  # noqa: ARG001 - it has no text
    legacy.add("script_versions", (800 + second, 7, second, BROKEN, f"2021-02-05 10:00:{second:02}"))


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (3, 4, 5))])
def test_any_order_of_texts_and_saves_comes_over(
    legacy: ScriptDatabase, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    if seed % 2:  # each save is a slice of its own
        monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    random = Random(seed)
    add_script(legacy, content=lines("A"), updatedAt=DAY.format(1))
    steps: list[Step] = [_text, _text, _save, _text_and_save, _touch, _broken_save]
    last = "A"
    for second in range(1, 13):
        step, text = random.choice(steps), random.choice("ABC")
        step(legacy, second, text)
        last = text if step not in (_touch, _broken_save) else last
        if random.random() < 0.6 or second == 12:
            counts = legacy.run()
            assert everything_is_counted(legacy, counts)
            assert legacy.differences() == []
    with legacy.unit_of_work.reading() as tx:
        saves = tx.legacy_versions.count(7)
    assert saves >= legacy.rows()["script_versions"] - len(set_aside(legacy))
    if step not in (_touch, _broken_save):
        assert legacy.texts(7) == [last]
    before = head(legacy)
    legacy.run()
    assert head(legacy) == before
