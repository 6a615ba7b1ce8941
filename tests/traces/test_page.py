"""An editor finds the line of each position in a text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.script.line import Line
from tests.traces.page import Page, Spot


@settings(max_examples=100)
@given(text=st.text("aü\n🎬", max_size=30), data=st.data())
def test_every_position_is_found_after_any_previous_lookup(text: str, data: st.DataObject) -> None:
    page = page_of(text)

    for position in data.draw(st.lists(st.integers(0, len(text)), max_size=10)):
        before = text[:position]
        assert page.find(position) == Spot(before.count("\n"), len(before) - (before.rfind("\n") + 1))


def test_a_position_outside_of_the_text_is_an_error() -> None:
    page = page_of("one\ntwo")

    for position in (-1, 8):
        with pytest.raises(IndexError):
            page.find(position)


def test_a_position_is_found_after_earlier_lines_were_added_and_removed() -> None:
    page = page_of("one\ntwo\nthree\nfour")
    assert page.find(17) == Spot(3, 3)

    page.exchange(1, 2, [Line("new", "general", "2", "\n")])

    assert page.text() == "one\n2\nfour"
    assert page.size == 10
    assert page.find(9) == Spot(2, 3)


def page_of(text: str) -> Page:
    *ended, last = text.split("\n")
    lines = [Line(f"l{row}", "general", part, "\n") for row, part in enumerate(ended)]
    return Page([*lines, Line("last", "general", last, "")])
