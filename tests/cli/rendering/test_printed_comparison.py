"""Differences as printed: without notes and boneyards inside lines, also those over several lines."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from cli.rendering.diff_html import Side, diff_page
from cli.rendering.diff_text import changes
from cli.rendering.printed_comparison import printed
from cli.terminal import screen
from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.formats.fountain import read
from domain.script.delta import advance
from domain.script.hashing import expect_hash
from domain.script.state import State
from materialization.diff.compare import Comparison, side_by_side
from materialization.diff.line_diff import diff_lines

SOURCE = (
    b"INT. BARN - DAY #1# [[blue]]\n\nHe waits. /* cut\n\nmuch\n\n*/ Then he goes.\n\n"
    b"JOHN /* was BILL */\nNo. [[why]]\n\nINT. YARD - DAY\n\nRain.\n"
)


def state(source: bytes) -> State:
    ids = count(1)
    lines = read(source, lambda: f"l{next(ids)}").lines
    return advance(State.empty(), ScriptCreate(title="T", lines=lines).apply(State.empty()))


def edited(before: State, start: str, text: str) -> Comparison:
    line = next(line for line in before.lines() if line.text.startswith(start))
    command: Command = LineEdit(line=line.id, text=text, expect=expect_hash(line))
    after = advance(before, command.apply(before))
    return side_by_side(7, before, after, diff_lines(before, after), {})


def text_of(comparison: Comparison) -> str:
    with screen.out().capture() as captured:
        screen.out().print(changes(comparison))
    return captured.get()


def page_of(comparison: Comparison) -> str:
    page = "".join(diff_page(comparison, Side(comparison.before, [], 0), Side(comparison.after, [], 0)))
    return page.partition("</style>")[2]


@pytest.mark.parametrize("render", [text_of, page_of])
def test_a_difference_shows_no_note_and_no_boneyard_inside_a_line(render: Callable[[Comparison], str]) -> None:
    shown = render(edited(state(SOURCE), "No.", "Never. [[why]]"))

    assert "Never." in shown
    assert "why" not in shown
    assert "BILL" not in shown
    assert "[[blue]]" not in shown


@pytest.mark.parametrize("render", [text_of, page_of])
def test_a_boneyard_over_lines_is_not_shown_in_the_lines_around_it(render: Callable[[Comparison], str]) -> None:
    shown = render(edited(state(SOURCE), "*/ Then", "*/ Then he sleeps."))

    assert "sleeps" in shown
    assert "*/" not in shown
    assert "/*" not in shown


@pytest.mark.parametrize(
    ("start", "text", "note"),
    [("No.", "No. [[because]]", "(notes)"), ("INT. YARD", ".INT. YARD - DAY", "(marks)")],
)
def test_a_change_that_is_not_printed_is_named(start: str, text: str, note: str) -> None:
    assert note in text_of(edited(state(SOURCE), start, text))


def test_the_heading_of_a_scene_stays_its_first_line() -> None:
    comparison = printed(edited(state(SOURCE), "No.", "Never."))

    heading = comparison.scenes[0].heading
    assert heading is not None
    assert heading is comparison.scenes[0].lines[0].line
    assert heading.text == "INT. BARN - DAY #1#"


def test_a_comparison_without_spans_is_the_same_object() -> None:
    comparison = edited(state(b"INT. BARN - DAY\n\nHe waits.\n"), "He", "She waits.")

    assert printed(comparison) is comparison
