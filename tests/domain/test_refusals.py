"""Every refusal of a command on a script, by its stable code; and every refusal has a test."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from domain import refusals
from domain.commands.base import Command, Target
from domain.commands.kinds.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.line_split_and_merge import MergeLines
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.kinds.version_label import VersionLabel
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.errors import Rejected
from domain.script.line import Line
from domain.script.state import Element, State
from tests.domain.folding import take
from tests.domain.scripts import line, lines, script
from tests.domain.submissions.bad_submissions import AT_THE_DOOR

RAISED_BY_LATER_LAYERS = {
    "UnknownScript",
    "ScriptArchived",
    "ScriptQuarantined",
    "ScriptBeingBackfilled",
    "ScriptNotBeingBackfilled",
    "BackfillOutOfOrder",
    "UnknownOwner",
    "Misaddressed",
    "BaseInFuture",
    "StaleBase",
    "StaleLine",
    "StaleElement",
    "GuardMissing",
    "SameIdOtherContent",
    "PredecessorRefused",
    "PredecessorUnknown",
    "NothingToUndo",
    "UnknownUndo",
    "Cancelled",
    "Poison",
    "ScriptTooLarge",
    "TooManyValues",
    "TooMuchWork",
}


def three_lines() -> State:
    return script(*lines("one\ntwo\nthree"))


def without_b() -> State:
    return take(three_lines(), LinesDelete(lines=(Target("b"),))).after


def locked() -> State:
    return take(three_lines(), VersionLabel(name="blue pages", version=1, color="blue", locked=True)).after


def labelled() -> State:
    return take(three_lines(), VersionLabel(name="first draft", version=1)).after


def full_of_metadata() -> State:
    state = State.empty()
    fields: dict[str, Any] = {f"a{number}": number for number in range(62)}
    return take(state, ScriptCreate(title="x", metadata=fields)).after


def long_lines() -> State:
    return script(line("a", "é" * 300_000), line("b", "x" * 600_000))


NOTE = Element("e", "beat", {})

BY_THE_SCRIPT: list[tuple[str, Callable[[], State], Command, str]] = [
    ("ScriptExists", three_lines, ScriptCreate(title="x"), "exists already"),
    (
        "ShrinkRefused",
        three_lines,
        ScriptReplace(lines=("a", line("x", "new"))),
        "drop 2 of 3 lines of text; set confirm_shrink",
    ),
    (
        "ShrinkRefused",
        three_lines,
        ScriptReplace(lines=("a", line("b", " "), line("c", ""))),
        "drop 2 of 3 lines of text",
    ),
    ("ShrinkRefused", three_lines, ScriptReplace(lines=()), "drop 3 of 3"),
    (
        "StaleMetadata",
        three_lines,
        ScriptSetMetadata(fields={"title": "B"}, expect={"title": "A"}),
        "'title' is 'Untitled' now",
    ),
    (
        "StaleMetadata",
        three_lines,
        ScriptSetMetadata(fields={"title": "B"}, expect={"status": "complete"}),
        "'status' is 'draft' now",
    ),
    ("BadPayload", full_of_metadata, ScriptSetMetadata(fields={"one_more": 1}), "at most 64 fields"),
    ("UnknownLine", three_lines, LineEdit(line="x", text=""), "no line 'x' in this script, and never was"),
    ("UnknownLine", three_lines, LinesDelete(lines=(Target("x"),)), "'x'"),
    ("UnknownLine", three_lines, ScriptReplace(lines=("a", "b", "x")), "'x'"),
    ("LineRemoved", without_b, LineEdit(line="b", text=""), "Line 'b' was removed in version 2"),
    ("LineRemoved", without_b, LinesMove(lines=(Target("b"),), after="a", before=None), "'b'"),
    ("LineRemoved", without_b, ScriptReplace(lines=("a", "b", "c")), "'b'"),
    ("NeighboursGone", without_b, LinesInsert(after="b", before="x", lines=(line("n", ""),)), "Neither neighbour"),
    ("NeighboursGone", without_b, LinesMove(lines=(Target("a"),), after="b", before="x"), "'b' or 'x'"),
    ("NotNeighbours", three_lines, MergeLines(line="a", next="c"), "Line 'c' does not follow line 'a' any more"),
    ("NotNeighbours", three_lines, MergeLines(line="a", next="a"), "'a'"),
    ("OutOfRange", three_lines, LineSplice(line="a", at=3, delete=1), "has 3 characters; position 3 with 1 to delete"),
    ("OutOfRange", three_lines, LineSplice(line="a", at=4), "position 4"),
    ("OutOfRange", three_lines, LineSplice(line="a", at=-1), "position -1"),
    ("IdReused", three_lines, LinesInsert(after="a", before="b", lines=(line("c", ""),)), "id 'c' is or was in use"),
    ("IdReused", without_b, LinesInsert(after="a", before="c", lines=(line("b", ""),)), "'b'"),
    ("IdReused", without_b, LinesInsert(after="a", before="c", lines=(line("b", ""),), revives=2), "'b'"),
    ("IdReused", without_b, ScriptReplace(lines=("a", line("b", ""), "c")), "'b'"),
    ("TextTooLong", long_lines, MergeLines(line="a", next="b"), "text has 1200000 bytes"),
    ("TextTooLong", long_lines, LineSplice(line="b", at=0, insert="x" * 500_000), "text has 1100000 bytes"),
    ("UnknownElement", three_lines, ElementUpdate(element=NOTE), "no element 'e'"),
    ("UnknownElement", three_lines, ElementRemove(element="e"), "no element 'e'"),
    ("UnknownVersion", three_lines, VersionLabel(name="x", version=2), "no version 2; its head is 1"),
    ("LabelTaken", labelled, VersionLabel(name="first draft", version=2), "already names version 1"),
    ("LabelLocked", locked, VersionLabel(name="blue pages", version=None), "locked on version 1; unlock it"),
    ("UnknownLabel", three_lines, VersionLabel(name="x", version=None), "no label 'x'"),
]


@pytest.mark.parametrize(("name", "make", "command", "sentence"), BY_THE_SCRIPT)
def test_a_command_that_does_not_fit_the_script_is_refused(
    name: str, make: Callable[[], State], command: Command, sentence: str
) -> None:
    state = make()
    command.check()
    with pytest.raises(Rejected) as refused:
        command.apply(state)

    assert type(refused.value).__name__ == name
    assert sentence in refused.value.message


@pytest.mark.parametrize("name", sorted({*AT_THE_DOOR, *(case[0] for case in BY_THE_SCRIPT)}))
def test_a_refusal_has_a_stable_code(name: str) -> None:
    code = getattr(refusals, name).code

    assert code == "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")


def test_every_refusal_has_a_test_or_belongs_to_a_later_layer() -> None:
    every = {name for name, found in vars(refusals).items() if inspect.isclass(found) and found is not Rejected}

    assert every == {*AT_THE_DOOR, *(case[0] for case in BY_THE_SCRIPT), *RAISED_BY_LATER_LAYERS}


def test_lines_without_text_do_not_count_for_the_shrink_guard() -> None:
    empty = script(line("a", ""))

    assert take(empty, ScriptReplace(lines=lines("INT. BAR\nA dog.", "xy"))).after.line_count == 2


def test_half_of_the_lines_may_be_removed() -> None:
    state = script(*lines("one\ntwo"))

    assert take(state, ScriptReplace(lines=("a",))).after.line_count == 1


def test_a_confirmed_shrink_is_accepted() -> None:
    assert take(three_lines(), ScriptReplace(lines=(), confirm_shrink=True)).after.line_count == 0


def test_a_field_that_already_has_its_value_needs_no_expectation() -> None:
    command = ScriptSetMetadata(fields={"title": "Untitled"}, expect={"title": "something else"})

    assert command.apply(three_lines()) == ()


def test_a_line_may_have_the_id_that_a_story_element_had() -> None:
    state = take(three_lines(), ElementAdd(element=NOTE)).after
    state = take(state, ElementRemove(element="e")).after

    assert take(state, LinesInsert(after="c", before=None, lines=(Line("e", "note", ""),))).after.has_line("e")
