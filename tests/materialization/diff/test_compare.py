"""Comparison of two versions: by scene, with the origin of moves, the authors and the totals."""

from __future__ import annotations

import time

import pytest

from domain.commands.base import Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.line_list import Resolved
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.refusals import UnknownScript, UnknownVersion
from domain.script.line import Line
from materialization.diff.compare import Compared, Comparison, compare
from materialization.diff.summary import Tally, sentence, tally
from tests.materialization.writer import Writer

SCRIPT = (
    Line("t", "title_entry", "Title: Two"),
    Line("h1", "scene_heading", "INT. ONE"),
    Line("a1", "action", "The first one waits."),
    Line("h2", "scene_heading", "INT. TWO"),
    Line("a2", "action", "The second one waits."),
    Line("b2", "action", "It rains."),
    Line("h3", "scene_heading", "INT. THREE"),
    Line("a3", "action", "The third one waits."),
)


@pytest.fixture
def script(writer: Writer) -> Writer:
    writer.send(ScriptCreate(title="Two", lines=SCRIPT))
    return writer


def found(writer: Writer, before: int = 1, after: int | None = None) -> Comparison:
    with writer.unit_of_work.reading() as tx:
        return compare(tx, writer.script_id, before, writer.version if after is None else after)


def target(writer: Writer, line: str) -> Target:
    return Target(line, writer.expect(line))


def edit(writer: Writer, line: str, text: str) -> LineEdit:
    return LineEdit(line=line, text=text, expect=writer.expect(line))


def differing(found: Comparison) -> list[tuple[str, str, list[str]]]:
    """Each differing scene: its heading, its change and its differing lines."""
    return [
        (scene.heading.id if scene.heading else "", scene.change, [f"{each.change} {each.line.id}" for each in changed])
        for scene in found.scenes
        if (changed := [each for each in scene.lines if each.change != "same"])
    ]


def line(found: Comparison, name: str) -> Compared:
    return next(each for scene in found.scenes for each in scene.lines if each.line.id == name)


def test_changes_are_listed_by_scene(script: Writer) -> None:
    script.send(edit(script, "a1", "The first one leaves."), LinesDelete(lines=(target(script, "b2"),)))

    compared = found(script)

    assert differing(compared) == [("h1", "changed", ["changed a1"]), ("h2", "changed", ["removed b2"])]
    assert line(compared, "a1").words == (("=", "The first one "), ("-", "waits"), ("+", "leaves"), ("=", "."))
    assert [scene.change for scene in compared.scenes] == ["same", "changed", "changed", "same"]


def test_each_change_is_credited_to_its_author(script: Writer) -> None:
    script.send(edit(script, "a1", "The first one goes."), author="ai")
    script.send(edit(script, "a2", "The second one goes."), actor="Bea")
    script.send(LinesDelete(lines=(target(script, "b2"),)), actor="Cleo")
    script.send(LinesMove(lines=(target(script, "a3"),), after="h1", before="a1"), actor="Dora")
    script.send(LinesInsert(after="h3", before=None, lines=(Line("n", "action", "New."),)), author="backfill", actor="")

    compared = found(script)

    def by(name: str) -> tuple[int, str, str, str | None]:
        credit = line(compared, name).by
        assert credit
        return credit[:4]

    assert by("a1") == (2, "ai", "Ann", "a-model")
    assert by("a2") == (3, "user", "Bea", None)
    assert by("b2") == (4, "user", "Cleo", None)
    assert by("a3") == (5, "user", "Dora", None)
    assert by("n") == (6, "backfill", "", None)
    assert line(compared, "h1").by is None
    assert found(script, 6, 1) is not None
    backwards = {
        each.line.id: each.by and each.by.version for scene in found(script, 6, 1).scenes for each in scene.lines
    }
    assert {name: backwards[name] for name in ("a1", "a2", "b2", "n")} == {"a1": 2, "a2": 3, "b2": 4, "n": 6}


def test_a_moved_line_names_its_previous_scene(script: Writer) -> None:
    script.send(LinesMove(lines=(target(script, "b2"),), after="a3", before=None))

    compared = found(script)

    assert differing(compared) == [("h3", "changed", ["moved b2"])]
    moved_from = line(compared, "b2").moved_from
    assert moved_from
    assert moved_from.id == "h2"


def test_a_whole_added_removed_or_moved_scene_is_one_change(script: Writer) -> None:
    run = tuple(target(script, name) for name in ("h2", "a2", "b2"))
    script.send(LinesMove(lines=run, after="a3", before=None))
    new = (Line("h4", "scene_heading", "INT. FOUR"), Line("a4", "action", "New."))
    script.send(LinesInsert(after="t", before="h1", lines=new))
    script.send(LinesDelete(lines=(target(script, "h1"), target(script, "a1"))))

    assert differing(found(script)) == [
        ("h1", "removed", ["removed h1", "removed a1"]),
        ("h4", "added", ["added h4", "added a4"]),
        ("h3", "moved", ["moved h3", "moved a3"]),
    ]


def test_lines_kept_after_a_removed_heading_are_in_the_previous_scene(script: Writer) -> None:
    script.send(LinesDelete(lines=(target(script, "h2"),)), edit(script, "b2", "It snows."))

    compared = found(script)

    assert differing(compared) == [("h2", "removed", ["removed h2"]), ("h1", "changed", ["changed b2"])]
    assert tally(compared).scenes == 2


def test_a_tally_counts_lines_and_words_by_author(script: Writer) -> None:
    script.send(edit(script, "a1", "The first one leaves now."), author="ai")
    script.send(LinesInsert(after="a3", before=None, lines=(Line("n", "action", "Six new words by a person."),)))
    script.send(LinesDelete(lines=(target(script, "b2"),)))
    script.send(ScriptSetMetadata(fields={"status": "complete"}, expect={"status": "draft"}))

    counts = tally(found(script))

    assert counts[:6] == (3, 1, 1, 0, 1, 1)
    assert (counts.words_added, counts.words_removed, counts.ai_share) == (8, 3, 0.25)
    assert sentence(counts) == (
        "3 scenes changed: 1 line added, 1 removed, 1 changed; 25% of the new words by AI (a-model); 1 other change."
    )


def test_a_line_that_moved_and_changed_counts_as_both(script: Writer) -> None:
    script.send(LinesMove(lines=(target(script, "b2"),), after="a3", before=None))
    script.send(edit(script, "b2", "It snows."))

    assert sentence(tally(found(script))) == ("1 scene changed: 1 line moved, 1 changed; none of the new words by AI.")


def test_nothing_differs_from_itself(script: Writer) -> None:
    script.send(ScriptSetMetadata(fields={"status": "complete"}, expect={"status": "draft"}))

    assert sentence(tally(found(script, 1, 1))) == "Nothing differs."
    assert sentence(tally(found(script))) == "No line differs; 1 other change."
    assert tally(found(script, 1, 1)) == Tally(0, 0, 0, 0, 0, 0, ())


def test_versions_that_do_not_exist_are_named(script: Writer) -> None:
    with pytest.raises(UnknownVersion, match="no version 9; its head is 1"):
        found(script, 1, 9)
    with script.unit_of_work.reading() as tx, pytest.raises(UnknownScript):
        compare(tx, 999_999, 1, 1)


def test_three_thousand_lines_are_compared_in_under_a_second(writer: Writer) -> None:
    text = "Line {} of a long film is about twelve words long, and some are {}."
    before = [
        Line(f"l{number}", "scene_heading" if number % 20 == 0 else "action", text.format(number, "so"))
        for number in range(3_000)
    ]
    writer.send(ScriptCreate(title="Long", lines=tuple(before)))
    after: list[str | Line] = [
        each.id if int(each.id[1:]) % 3 else Line(each.id, each.format, text.format("", "not quite so"))
        for each in before
    ]
    after[100:130], after[2_500:2_500] = [], after[100:130]
    del after[900:950]
    resolved: Resolved = (*after[:50], *(Line(f"n{number}", "action", "New.") for number in range(60)), *after[50:])
    writer.send(ScriptReplace(lines=resolved))

    began = time.process_time()
    counts = tally(found(writer))
    took = time.process_time() - began

    assert counts[1:5] == (60, 50, 30, counts.changed)
    assert counts.changed > 900
    assert took < 1
