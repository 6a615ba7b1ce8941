"""Changes as text: marked words, counted lines, and the page layout."""

from __future__ import annotations

import pytest

from cli.rendering.diff_text import words
from cli.rendering.log_table import extent
from cli.rendering.screenplay_layout import pages, scene, set_line
from domain.script.delta import LineChanged, LinesInserted, LinesMoved, LineSplit, LinesRemoved, MetadataSet
from domain.script.line import Line


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("You could call.", "You should call.", "You [-could-]{+should+} call."),
        ("Come in, please.", "Come in.", "Come in[-, please-]."),
        ("It’s late.", "It’s late now.", "It’s late{+ now+}."),
        ("Same.", "Same.", "Same."),
    ],
)
def test_the_words_that_differ_are_marked(before: str, after: str, marked: str):
    text = words(before, after, coloured=False)
    assert text is not None
    assert text.plain == marked


def test_coloured_output_has_no_brackets():
    text = words("You could call.", "You should call.", coloured=True)
    assert text is not None
    assert text.plain == "You couldshould call."


def test_lines_with_little_in_common_are_shown_one_above_the_other():
    assert words("He waits for the bus.", "Thunder.", coloured=False) is None


def test_an_extent_counts_lines():
    a, b = Line("a", "action", "A."), Line("b", "action", "B.")
    assert extent([LinesInserted("", (a, b))]) == "+2 lines"
    assert extent([LinesRemoved(("a",)), LineChanged("b", text="C.")]) == "−1 ~1 lines"
    assert extent([LinesMoved(("a",), "b")]) == ">1 line"
    assert extent([LineSplit("a", 1, "c", "\n", "action", {})]) == "+1 ~1 lines"
    assert extent([MetadataSet({"title": "T"})]) == "title"


def test_each_format_has_its_layout_on_the_page():
    lines = [
        Line("1", "scene_heading", "INT. HOUSE - DAY #4#", "\n\n", {"scene_number": "4"}),
        Line("2", "character", "ADA"),
        Line("3", "dialogue", "A long line that does not fit into the column of dialogue."),
        Line("4", "transition", "CUT TO:"),
    ]
    assert [row.plain for line in lines for row in set_line(line)] == [
        "4  INT. HOUSE - DAY",
        "                    ADA",
        "          A long line that does not fit into",
        "          the column of dialogue.",
        "                                                     CUT TO:",
    ]
    assert pages(lines) == 1


def test_pages_count_what_is_printed():
    scene = [Line(f"a{number}", "action", "A line.", "\n\n") for number in range(55)]
    notes = [Line(f"n{number}", "note", "[[ a note ]]", "\n\n") for number in range(200)]
    cut = [Line("b1", "action", "He /* cut", "\n"), Line("b2", "action", "*/ goes.", "\n")]

    assert pages(scene) == 2
    assert pages([*scene, *notes]) == 2
    assert pages([*scene, Line("p", "page_break", "==="), *scene[:1]]) == 3
    assert pages([*cut, Line("l", "action", f"He waits. [[{'long ' * 2000}]]")]) == 1


def test_a_scene_is_found_by_its_number_or_position():
    lines = [
        Line("1", "action", "Before."),
        Line("2", "scene_heading", "INT. A", attrs={"scene_number": "7"}),
        Line("3", "action", "In A."),
        Line("4", "scene_heading", "INT. B"),
        Line("5", "action", "In B."),
    ]
    assert [line.id for line in scene(lines, "7")] == ["2", "3"]
    assert [line.id for line in scene(lines, "2")] == ["4", "5"]
    assert list(scene(lines, "9")) == []
