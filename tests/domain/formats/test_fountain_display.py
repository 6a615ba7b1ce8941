"""Display text of Fountain lines."""

from __future__ import annotations

import pytest

from domain.formats.fountain import display, without_spans
from domain.script.line import Line, LineFormat
from tests.domain.formats.screenwriting import lines_of


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("INT. BARN - DAY #12A#", "INT. BARN - DAY"),
        ("  .BARN #3#", "BARN"),
        (".\\...LATER", "...LATER"),
        ("    He *runs*. [[why?]]  ", "    He *runs*."),
        ("He waits. /* cut */ Then he goes.", "He waits. Then he goes."),
        ("He waits.  [[a]]  [[b]] /* c */  Then.", "He waits.  Then."),
        ("un[[x]]broken", "unbroken"),
        ("He waits [[where?]], then goes [[x]]. Why [[y]]?", "He waits, then goes. Why?"),
        ("He waits [[x]] ...and [[y]] : goes [[z]]...", "He waits ...and : goes ..."),
        ("  [[x]], he says", "  , he says"),
        ("a[[x]] [[y]].", "a."),
        ("[[ first ]] He waits.", "He waits."),
        ("  /* x */  He waits.", "  He waits."),
        ("INT. BARN - DAY #12A# [[blue]]", "INT. BARN - DAY"),
        ("/* x */ .BARN [[y]] #3#", "BARN"),
        ("> THE /* x */ END <", "THE END"),
        ("FADE TO: [[slow]]", "FADE TO:"),
        ("# Act [[x]] Two", "Act Two"),
        ("He [[waits.", "He [[waits."),
        ("!  INT. BARN", "  INT. BARN"),
        ("@McClane (V.O.) ^", "McClane (V.O.)"),
        ("> Burn to white.", "Burn to white."),
        ("> x \\<", "x <"),
        ("CUT TO:", "CUT TO:"),
        ("> THE END <", "THE END"),
        ("~ La la", "La la"),
        ("## Act Two", "Act Two"),
        ("=What happens", "What happens"),
        ("===", ""),
        ("  [[ a note ]]", "a note"),
        ("/* cut */", "cut"),
        ("/* a */ /* b */", "a b"),
        ("[[x]] [[y]]", "x y"),
        ("[[ x ]] /* y */", "x y"),
        ("/**/", ""),
        ("\ufeffTitle: X", "Title: X"),
        ("a [\\[ b", "a [[ b"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_an_imported_line(source: str, shown: str) -> None:
    assert [display(line) for line in lines_of(source)] == [shown] * bool(source)


def test_a_span_over_lines_is_not_printed() -> None:
    source = "JOHN /* was\nBILL */\nNo. [[why\nso]] Yes.\n\nHe /* and\n\nshe */ waits.\n"

    printed = list(without_spans(lines_of(source)))

    assert [(line.format, display(line)) for line in printed if line.format not in {"note", "boneyard"}] == [
        ("character", "JOHN"),
        ("dialogue", "No."),
        ("dialogue", "Yes."),
        ("action", "He"),
        ("action", "waits."),
    ]


def test_a_span_ends_where_the_format_of_a_line_says_so() -> None:
    """An opening that someone typed above does not hide lines which are no boneyard."""
    lines = [Line("1", "action", "He /* waits."), Line("2", "action", "She waits."), Line("3", "action", "A */ b")]

    assert list(without_spans(lines)) == lines


def test_lines_without_spans_are_the_same_lines() -> None:
    lines = lines_of("INT. BARN - DAY\n\nHe waits.\n\n[[ a note ]]\n\nHe /* cut */ goes.\n")

    printed = list(without_spans(lines))

    assert printed[:3] == lines[:3]
    assert printed[3].text == "He goes."
    assert printed[3].id == lines[3].id


def test_a_line_with_marks_as_text_keeps_them() -> None:
    """So a script from Final Draft shows what Final Draft prints."""
    line = Line("1", "action", "!He [[really]] waits.", attrs={"literal": True})

    assert display(line) == line.text
    assert list(without_spans([line])) == [line]


def test_a_line_that_would_be_nothing_but_a_span_keeps_its_text() -> None:
    line = Line("1", "dialogue", "[[so]]")

    assert display(line) == "[[so]]"
    assert list(without_spans([line])) == [line]


@pytest.mark.parametrize(
    ("line_format", "text", "shown"),
    [
        ("dialogue", "\\!Stop", "!Stop"),
        ("dialogue", " \\(really) ", "(really)"),
        ("dialogue", "\\ alone", "\\ alone"),
        ("parenthetical", " (low) ", "(low)"),
        ("scene_heading", "Somewhere", "Somewhere"),
        ("shot", "CLOSE ON: HAY ", "CLOSE ON: HAY"),
        ("chapter_break", "Two", "Two"),
        ("general", "  x ", "  x"),
        ("centered", "x", "x"),
    ],
)
def test_a_line_from_elsewhere(line_format: LineFormat, text: str, shown: str) -> None:
    assert display(Line("1", line_format, text)) == shown
