"""Display text of Fountain lines."""

from __future__ import annotations

import pytest

from domain.formats.fountain import display
from domain.script.line import Line, LineFormat
from tests.domain.formats.screenwriting import lines_of


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("INT. BARN - DAY #12A#", "INT. BARN - DAY"),
        ("  .BARN #3#", "BARN"),
        (".\\...LATER", "...LATER"),
        ("    He *runs*. [[why?]]  ", "    He *runs*. [[why?]]"),
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
        ("\ufeffTitle: X", "Title: X"),
        ("a [\\[ b", "a [[ b"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_an_imported_line(source: str, shown: str) -> None:
    assert [display(line) for line in lines_of(source)] == [shown] * bool(source)


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
