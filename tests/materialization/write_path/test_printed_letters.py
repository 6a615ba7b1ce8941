"""The letters of a text that count when an AI removes it."""

from __future__ import annotations

import pytest

from domain.script.printed_text import letters


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", 0),
        (" \t\u00a0", 0),
        ("\u200b\u2060\ufeff\u00ad\u034f\u180e\ufe0f", 0),
        ("\u2800\u3164\uffa0\u115f\u1160", 0),
        ("\u0301\u0302", 0),
        ("\ue000\U000e0041", 0),
        ("[[all of it]]", 0),
        ("/* all of it */", 0),
        ("...", 1),
        ("—", 1),
        ("Adé 7", 4),
        ("日本", 2),
        ("x [[note]] y", 2),
        ("a\u200bb", 2),
    ],
)
def test_only_printed_letters_are_counted(text: str, seen: int):
    assert letters(text) == seen
