"""A generated screenplay of the length of a feature film, with a lead who is on every page."""

from __future__ import annotations

from itertools import cycle, islice

from domain.script.line import Line, LineFormat

LEAD = "EDWARD"
PAGES = 126
# Lines of a real feature of this length, and those that name its lead.
LINES = 4_150
LEAD_LINES = 639
_TEXT = """the rain keeps falling on tram rails while nobody answers a telephone that rings behind the green door of
their kitchen and some old photograph slowly turns its face toward the people who still remember what happened there
before winter came without warning to those who never said goodbye"""
_WORDS = cycle(_TEXT.split())
_SPEECH: tuple[tuple[LineFormat, int], ...] = (("character", 0), ("dialogue", 9), ("character", 0), ("dialogue", 14))


def feature() -> tuple[Line, ...]:
    """The lines of the screenplay."""
    rows: list[tuple[LineFormat, str]] = []
    leads = 0
    for scene in range(1, LINES):
        rows.append(("scene_heading", f"INT. {_words(2).upper()} {scene} - NIGHT"))
        rows.append(("action", f"{_words(22).capitalize()}."))
        for turn in range(6):
            for form, count in _SPEECH:
                text = f"{_words(count).capitalize()}." if count else "MARTA"
                if form == "character" and turn % 3 != 2 and leads < LEAD_LINES - 60 and rows[-1][0] != "character":
                    text, leads = LEAD, leads + 1
                rows.append((form, text))
            if turn % 2:
                rows.append(("parenthetical", "(without a smile)") if turn == 3 else ("action", f"{_words(18)}."))
        if len(rows) >= LINES:
            break
    return tuple(_lines(rows[:LINES], LEAD_LINES - leads))


def _lines(rows: list[tuple[LineFormat, str]], missing: int) -> list[Line]:
    """The rows as lines; the first that are action name the lead, until enough do."""
    lines = []
    for number, (form, text) in enumerate(rows, 1):
        named = form in ("action", "dialogue") and missing > 0
        missing -= named
        words = f"{LEAD.title()} stops. {text}" if named else text
        lines.append(Line(f"line_{number:08x}{number * 2_654_435_761 % 2**32:08x}", form, words, "\n\n"))
    return lines


def _words(count: int) -> str:
    return " ".join(islice(_WORDS, count))
