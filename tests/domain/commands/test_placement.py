"""Placement of lines when the script has changed in the meantime."""

from __future__ import annotations

import pytest

from domain.commands.base import Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_split_and_merge import MergeLines, SplitLine
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.line_list import in_order, lines_delta
from domain.script.delta import LinesMoved, LinesRemoved
from domain.script.line import Line
from domain.script.state import State
from tests.domain.folding import run, take
from tests.domain.scripts import line, lines, script, shown

NEW = line("n", "new")


@pytest.fixture
def abc() -> State:
    return script(*lines("one\ntwo\nthree"))


@pytest.mark.parametrize(
    ("after", "before", "order", "note"),
    [
        ("a", "b", "anbc", None),
        (None, "a", "nabc", None),
        ("c", None, "abcn", None),
        ("a", "c", "anbc", "placed:after"),
        ("a", "gone", "anbc", "placed:after"),
        ("gone", "c", "abnc", "placed:before"),
        (None, "c", "abnc", "placed:before"),
        ("a", None, "anbc", "placed:after"),
        (None, "gone", "nabc", "placed:start"),
        ("gone", None, "abcn", "placed:end"),
        (None, None, "nabc", "placed:start"),
        ("b", "a", "abnc", "placed:after"),
    ],
)
def test_a_new_line_finds_its_place(
    abc: State, after: str | None, before: str | None, order: str, note: str | None
) -> None:
    command = LinesInsert(after=after, before=before, lines=(NEW,))

    assert "".join(take(abc, command).after.line_ids()) == order
    assert command.note(abc) == note


@pytest.mark.parametrize(
    ("ids", "after", "before", "order", "note"),
    [
        ("a", "b", "c", "bacd", None),
        ("ca", None, "b", "cabd", None),
        ("ad", "b", "c", "badc", None),
        ("b", "a", "d", "abcd", "placed:after"),
        ("bc", "gone", None, "adbc", "placed:end"),
        ("c", "gone", "b", "acbd", "placed:before"),
        ("ab", None, "d", "cabd", "placed:before"),
        ("abcd", None, None, "abcd", None),
        ("dcba", None, None, "dcba", None),
    ],
)
def test_moved_lines_are_ignored_when_their_place_is_searched(
    ids: str, after: str | None, before: str | None, order: str, note: str | None
) -> None:
    state = script(*lines("one\ntwo\nthree\nfour"))
    command = LinesMove(lines=tuple(map(Target, ids)), after=after, before=before)

    step = take(state, command)

    assert "".join(step.after.line_ids()) == order
    assert command.note(state) == note
    assert bool(step.delta) == (order != "abcd")


def test_an_empty_script_accepts_its_first_line() -> None:
    assert shown(take(script(), LinesInsert(after=None, before=None, lines=(NEW,))).after) == "n:new"


def test_removed_lines_are_restored_between_the_remaining_ones() -> None:
    state = script(*lines("one\ntwo\nthree\nfour\nfive"))
    step = take(state, LinesDelete(lines=(Target("d"), Target("a"), Target("b"))))
    inverse = step.command.inverse(step.before, step.after)

    assert [command.after for command in inverse if isinstance(command, LinesInsert)] == ["c", None]
    assert shown(run(step.after, inverse)) == shown(state)


def test_a_removed_line_counts_as_deleted(abc: State) -> None:
    state = take(abc, LinesDelete(lines=(Target("b"),))).after

    step = take(state, LinesDelete(lines=(Target("b"), Target("c"))))

    assert step.delta == (LinesRemoved(("c",)),)
    assert take(step.after, step.command).delta == ()


def test_a_split_moves_the_line_ends_to_the_rest_and_a_merge_moves_them_back(abc: State) -> None:
    state = take(abc, LineEdit(line="b", sep="\n\n", attrs={"note": "x"})).after

    split = take(state, SplitLine(line="b", at=1, new_id="n", format="dialogue", sep="\r\n"))
    merged = take(split.after, MergeLines(line="b", next="n"))

    assert split.after.line("b") == Line("b", "action", "t", "\r\n", {"note": "x"})
    assert split.after.line("n") == Line("n", "dialogue", "wo", "\n\n")
    assert list(merged.after.lines()) == list(state.lines())
    assert dict(merged.after.retired) == {"n": 4}


@pytest.mark.parametrize(("at", "left", "right"), [(0, "", "two"), (3, "two", "")])
def test_a_line_can_be_split_at_either_end(abc: State, at: int, left: str, right: str) -> None:
    after = take(abc, SplitLine(line="b", at=at, new_id="n")).after

    assert (after.line("b").text, after.line("n").text) == (left, right)


def test_positions_count_characters_not_bytes() -> None:
    state = script(line("a", "👩\u200d👧!"))

    assert take(state, SplitLine(line="a", at=3, new_id="n")).after.line("n").text == "!"


def test_a_line_keeps_the_version_that_wrote_it_when_it_moves(abc: State) -> None:
    after = take(abc, LinesMove(lines=(Target("c"),), after=None, before="a")).after

    assert after.nodes["c"].version == 1


def test_the_fewest_possible_lines_move() -> None:
    state = script(*lines("one\ntwo\nthree\nfour\nfive"))

    assert lines_delta(state, ("b", "c", "d", "e", "a")) == (LinesMoved(("a",), "e"),)
    assert lines_delta(state, ("e", "a", "b", "c", "d")) == (LinesMoved(("e",), ""),)
    assert lines_delta(state, ("d", "e", "a", "b", "c")) == (LinesMoved(("d", "e"), ""),)


def test_the_longest_increasing_subsequence_is_found() -> None:
    assert in_order([]) == set()
    assert in_order([2, 0, 1]) == {0, 1}
    assert len(in_order([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])) == 5
