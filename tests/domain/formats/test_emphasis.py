"""Emphasis: marks of Fountain are read as styles, and styles are written as marks."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.formats.emphasis import STYLES, Style, Styled, emphasised, marked
from tests.domain.formats.screenwriting import THOROUGH
from tests.slowness import adjusted_for_load

BOLD, ITALIC, UNDERLINE = frozenset[Style]({"Bold"}), frozenset[Style]({"Italic"}), frozenset[Style]({"Underline"})
PLAIN = frozenset[Style]()


@pytest.mark.parametrize(
    ("text", "styled"),
    [
        ("He *really* waits.", [("He ", PLAIN), ("really", ITALIC), (" waits.", PLAIN)]),
        ("**loud**", [("loud", BOLD)]),
        ("_under_", [("under", UNDERLINE)]),
        ("***both***", [("both", BOLD | ITALIC)]),
        ("_**title**_", [("title", BOLD | UNDERLINE)]),
        ("**_title_**", [("title", BOLD | UNDERLINE)]),
        ("**a *b***", [("a ", BOLD), ("b", BOLD | ITALIC)]),
        ("***a** b*", [("a", BOLD | ITALIC), (" b", ITALIC)]),
        ("*a**b***", [("a", ITALIC), ("b", BOLD | ITALIC)]),
        ("**a***b*", [("a", BOLD), ("b", ITALIC)]),
        ("*a _b* c_", [("a ", ITALIC), ("b", ITALIC | UNDERLINE), (" c", UNDERLINE)]),
        ("*a* b *c*", [("a", ITALIC), (" b ", PLAIN), ("c", ITALIC)]),
        # The spec's own example: spaces before both.
        ("He dialed *69 and then *23.", [("He dialed *69 and then *23.", PLAIN)]),
        ("5 * 3 * 2", [("5 * 3 * 2", PLAIN)]),
        ("Steel\\* and \\_wood\\_", [("Steel* and _wood_", PLAIN)]),
        ("a \\*b* c", [("a *b* c", PLAIN)]),
        ("*****", [("*****", PLAIN)]),
        ("Dear _____,", [("Dear _____,", PLAIN)]),
        ("*", [("*", PLAIN)]),
        ("**", [("**", PLAIN)]),
        ("*_*_", [("*_*_", PLAIN)]),
        ("*open", [("*open", PLAIN)]),
        ("***a** b", [("*", PLAIN), ("a", BOLD), (" b", PLAIN)]),
        ("", []),
    ],
)
def test_marks_are_read_as_styles(text: str, styled: list[tuple[str, frozenset[Style]]]) -> None:
    assert [tuple(each) for each in emphasised(text)] == styled


@pytest.mark.parametrize(
    ("styled", "text"),
    [
        ([Styled("He ", PLAIN), Styled("really", ITALIC)], "He *really*"),
        ([Styled("loud ", BOLD), Styled("x", PLAIN)], "**loud** x"),
        ([Styled(" \t", ITALIC), Styled("x", PLAIN)], " \tx"),
        ([Styled("a", BOLD), Styled("b", ITALIC)], "**a***b*"),
        ([Styled("a", BOLD | UNDERLINE)], "_**a**_"),
        ([Styled("*sigh*", PLAIN)], "\\*sigh\\*"),
        ([Styled("5 * 3 * 2", PLAIN)], "5 * 3 * 2"),
        ([Styled("a_b", PLAIN)], "a_b"),
        ([Styled("a ", BOLD), Styled("b", BOLD | UNDERLINE)], "**a _b_**"),
        ([Styled("a", BOLD | UNDERLINE), Styled(" b", BOLD)], "**_a_ b**"),
        ([Styled("a", BOLD | UNDERLINE), Styled(" b", UNDERLINE)], "_**a** b_"),
        ([Styled("*sigh*", ITALIC)], "*\\*sigh\\**"),
    ],
)
def test_styles_are_written_as_marks(styled: list[Styled], text: str) -> None:
    assert marked(styled) == text


_characters = st.text(st.sampled_from("ab é*_."), min_size=1, max_size=4)
_styles = st.sets(st.sampled_from(STYLES)).map(frozenset)


@THOROUGH
@given(st.lists(st.builds(Styled, _characters, _styles), max_size=5))
def test_styles_come_back_on_every_visible_character(styled: list[Styled]) -> None:
    assert _visible(emphasised(marked(styled))) == _visible(styled)


@THOROUGH
@given(st.text(st.sampled_from("ab *_\\"), max_size=12))
def test_any_text_can_be_written_without_emphasis(text: str) -> None:
    assert "".join(part for part, _ in emphasised(marked([Styled(text, PLAIN)]))) == text


@pytest.mark.parametrize("part", ["*a ", "_a", "***a", "*", "*_", "\\*", "a*b_c**"])
def test_a_line_of_marks_is_read_in_linear_time(part: str) -> None:
    began = time.process_time()
    emphasised(part * (1_900 // len(part)))
    emphasised(part * 200_000)

    assert time.process_time() - began < adjusted_for_load(0.5)


def _visible(styled: list[Styled]) -> list[tuple[str, frozenset[Style]]]:
    return [(character, styles) for text, styles in styled for character in text if not character.isspace()]
