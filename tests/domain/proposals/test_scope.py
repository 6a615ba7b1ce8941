"""Scope tests: which lines a scene number names."""

from __future__ import annotations

import pytest

from domain.proposals.refusals import NoSuchScene
from domain.proposals.scope import Scope, lines_in
from domain.proposals.shown_lines import LineRange
from domain.script.line import Line
from domain.script.state import State
from tests.domain.scripts import script


def scenes(*numbers: str | None) -> State:
    """A script of scenes with two lines each, with a number in their headings or without."""
    lines = []
    for at, number in enumerate(numbers):
        attrs = {} if number is None else {"scene_number": number}
        lines += [Line(f"h{at}", "scene_heading", "INT. BAR", "\n\n", attrs), Line(f"a{at}", "action", "Rain.", "\n\n")]
    return script(*lines)


def test_a_scene_is_named_by_the_number_in_its_heading():
    state = scenes("10", "2", None, "2A")

    assert lines_in(Scope(scene="10"), state) == LineRange(1, 2)
    assert lines_in(Scope(scene="2"), state) == LineRange(3, 4)
    assert lines_in(Scope(scene="2A"), state) == LineRange(7, 8)


@pytest.mark.parametrize("number", ["1", "3", "4", "2B", ""])
def test_where_headings_have_numbers_a_place_names_no_scene(number: str):
    with pytest.raises(NoSuchScene):
        lines_in(Scope(scene=number), scenes("10", "2", None, "2A"))


def test_where_no_heading_has_a_number_a_place_names_the_scene():
    state = scenes(None, None)

    assert [lines_in(Scope(scene=number), state) for number in ("1", "2", "02")] == [
        LineRange(1, 2),
        LineRange(3, 4),
        LineRange(3, 4),
    ]
    with pytest.raises(NoSuchScene):
        lines_in(Scope(scene="3"), state)
