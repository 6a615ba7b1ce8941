"""A diff matches lines by their ids and lists them in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.commands.kinds.script_create import ScriptCreate
from domain.script.delta import advance
from domain.script.line import Line
from domain.script.state import State
from materialization.diff.line_diff import diff_lines, diff_named

IDS = "abcdefgh"


def state(*lines: Line, **metadata: str) -> State:
    command = ScriptCreate(title="T", metadata=metadata, lines=lines)
    return advance(State.empty(), command.apply(State.empty()))


def changes(before: str, after: str) -> list[str]:
    """The change of each line, for lines whose text is their id; a capital letter is a changed text."""
    first, second = (state(*(Line(each.lower(), "action", each) for each in text)) for text in (before, after))
    return [f"{each.change} {(each.after or each.before).id}" for each in diff_lines(first, second)]  # type: ignore[union-attr]


def test_a_line_is_followed_by_its_id():
    assert changes("abc", "aBc") == ["same a", "changed b", "same c"]
    assert changes("abc", "ac") == ["same a", "removed b", "same c"]
    assert changes("ac", "abc") == ["same a", "added b", "same c"]


def test_a_moved_line_is_listed_at_its_new_position():
    assert changes("abcd", "bcda") == ["same b", "same c", "same d", "moved a"]


def test_removed_lines_are_listed_before_their_replacements():
    assert changes("abz", "acz") == ["same a", "removed b", "added c", "same z"]


def test_differing_metadata_fields_are_named():
    (found,) = diff_named(state(status="draft"), state(status="complete"))
    assert (found.kind, found.name, found.before, found.after) == ("metadata", "status", "draft", "complete")
    assert diff_named(state(), state()) == []


@given(st.permutations(IDS), st.permutations(IDS), st.integers(0, 8), st.integers(0, 8))
def test_nothing_is_left_out_and_the_order_is_that_of_the_later_state(before, after, some, others):
    first, second = before[:some], after[:others]
    found = changes("".join(first), "".join(second))

    assert [row.split()[1] for row in found if not row.startswith("removed")] == list(second)
    assert {row.split()[1] for row in found if row.startswith("removed")} == set(first) - set(second)
    assert {row.split()[1] for row in found if row.startswith("added")} == set(second) - set(first)
