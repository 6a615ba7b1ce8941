"""The export of an edited script reads back as intended, with as few marks as possible."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.formats.fountain import display, expressible, write
from domain.script.line import Attr, Line, LineFormat
from tests.domain.formats.screenwriting import THOROUGH, edited, formats, formats_of, lines_of

SCENE = """INT. BARN - DAY #1#

He runs across the yard.
The dog follows.

JOHN
(out of breath)
Wait for me!
I am coming.

MARY (O.S.) ^
Hurry.

CUT TO:

EXT. FIELD

> THE END <
"""


def script(*lines: tuple[str, str]) -> list[Line]:
    return [Line(str(number), cast("LineFormat", name), text) for number, (name, text) in enumerate(lines)]


@THOROUGH
@given(edited())
def test_the_export_of_an_edited_script_reads_back_as_expressible(lines: list[Line]) -> None:
    wanted = expressible(lines)

    reread = lines_of(write(lines).decode())

    assert [line.format for line in reread] == [line.format for line in wanted]
    assert all(_only_adds(line.text, new.text) for line, new in zip(wanted, reread, strict=True))


@THOROUGH
@given(edited())
def test_a_second_round_trip_changes_nothing(lines: list[Line]) -> None:
    once = write(lines)

    assert write(lines_of(once.decode())) == once


@THOROUGH
@given(st.integers(0, len(lines_of(SCENE)) - 1), formats)
def test_an_edit_adds_marks_only_to_neighbouring_lines(place: int, line_format: LineFormat) -> None:
    lines = lines_of(SCENE)
    old = lines[place]
    lines[place] = Line(old.id, line_format, old.text, old.sep)

    reread = lines_of(write(lines).decode())

    changed = {index for index, line in enumerate(lines) if reread[index].text != line.text}
    assert changed <= {place - 1, place, place + 1}


MARKS = {
    "scene_heading": {"Barn": ".Barn", " Barn": " .Barn", "...later": ".\\...later", "INT. BARN": ".INT. BARN"},
    "shot": {"ANGLE": "!!ANGLE", "!!ANGLE": "!!ANGLE", "!x": "!!\\!x"},
    "action": {
        "He runs.": "He runs.",
        "!!!x": "!!!x",
        "!!x": "!!!x",
        ".45": "!.45",
        "[[x]]": "[\\[x]]",
        "/* x": "/* x",
    },
    "character": {"John": "@John", "23": "@23", "JOHN": "@JOHN"},
    "lyric": {"La": "~La"},
    "transition": {"Burn.": "> Burn.", "a <": "> a \\<"},
    "centered": {"x": "> x <", "> x": "> x<", "x <": ">x <"},
    "section": {"Act": "# Act", "## Act": "## Act"},
    "synopsis": {"So": "= So", "===": "= ==="},
    "page_break": {"": "===", "  ": "===  ", "Two": "=== /* Two */", "*/": "=== /* *\\/ */"},
    "note": {"x": "[[x]]", "[[x": "[[x]]", "x]]": "[[x]]", "a]] b": "[[ a]\\] b ]]", "/* x */": "[[/* x */]]"},
    "boneyard": {"x": "/*x*/", "/* x": "/* x*/", "a */ b": "/* a *\\/ b */", "[[x]]": "/*[[x]]*/"},
}


@pytest.mark.parametrize(
    ("line_format", "text", "written"),
    [(name, text, written) for name, variants in MARKS.items() for text, written in variants.items()],
)
def test_marks_in_the_middle_of_a_paragraph(line_format: str, text: str, written: str) -> None:
    lines = script(("action", "One."), (line_format, text), ("action", "Two."))

    assert lines_of(write(lines).decode())[1].text == written


@pytest.mark.parametrize(
    ("line_format", "text", "written"),
    [
        ("dialogue", "!Stop", "!Stop"),
        ("dialogue", "~Stop", "\\~Stop"),
        ("dialogue", "(really)", "\\(really)"),
        ("dialogue", "", "  "),
        ("dialogue", " ", "  "),
        ("dialogue", "JOHN", "JOHN"),
        ("parenthetical", "low", "(low)"),
        ("parenthetical", "(low", "(low)"),
        ("action", "He runs.", "He runs."),
        ("action", "  ", "  "),
    ],
)
def test_marks_in_a_speech(line_format: str, text: str, written: str) -> None:
    lines = script(("character", "JOHN"), ("dialogue", "One."), (line_format, text), ("action", "!x"))

    reread = lines_of(write(lines).decode())

    assert (reread[2].format, reread[2].text) == (line_format, written)


@pytest.mark.parametrize(
    ("lines", "written"),
    [
        ([("shot", "CLOSE ON HAY"), ("shot", "!x"), ("general", "x")], "!!CLOSE ON HAY\n!!\\!x\nx\n"),
        ([("general", ".x")], "!.x\n"),
        ([("chapter_break", "Two"), ("chapter_break", "")], "# Two\n===\n"),
        ([("dialogue", "Hi."), ("parenthetical", "(low)")], "Hi.\n(low)\n"),
        ([("action", "x"), ("title_entry", "Title: X")], "x\nTitle: X\n"),
        ([("title_entry", "The Barn"), ("title_entry", "A tale")], "Title:\n    The Barn\n    A tale\n"),
        ([("title_entry", "Title: X"), ("action", "Foo: bar")], "Title: X\n\nFoo: bar\n"),
        ([("action", "Foo: bar")], "Foo: bar\n"),
        ([("action", "Foo: bar"), ("action", "Title: X")], "!Foo: bar\nTitle: X\n"),
        ([("action", "Title: bar")], "!Title: bar\n"),
        ([("title_entry", "Foo: bar")], "Title: Foo: bar\n"),
        (
            [("title_entry", "FOO: bar"), ("title_entry", "x"), ("title_entry", "Author: X")],
            "FOO: bar\n    x\nAuthor: X\n",
        ),
        ([("action", "x"), ("scene_heading", ""), ("action", "y")], "x\n\ny\n"),
        ([("action", "x"), ("note", "  "), ("action", "y")], "x\n[[  ]]\ny\n"),
        ([("character", "JOHN"), ("action", "He runs.")], "@JOHN\n\nHe runs.\n"),
        ([("action", "JOHN"), ("action", "He runs.")], "!JOHN\nHe runs.\n"),
    ],
)
def test_the_table_of_fallback_formats(lines: list[tuple[str, str]], written: str) -> None:
    assert write(script(*lines)).decode() == written


def test_an_empty_line_that_would_end_a_speech_or_title_page_is_dropped() -> None:
    lines = script(("title_entry", "Title: X"), ("title_entry", "Author: Y"), ("character", "JOHN"), ("dialogue", "A."))
    lines = [Line(line.id, line.format, line.text, "\n\n") for line in lines]

    assert write(lines) == b"Title: X\nAuthor: Y\n\nJOHN\nA.\n\n"


def test_a_line_without_line_end_gets_that_of_the_script() -> None:
    lines = lines_of("One.\r\n\r\nTwo.")

    assert write(lines[::-1]) == b"Two.\r\nOne.\r\n\r\n"


def test_a_line_inserted_into_a_note_or_boneyard_stays_outside_of_it() -> None:
    for source, kind in (("[[a\nb]]", "note"), ("/*\nb\n*/", "boneyard")):
        lines = lines_of(source)
        lines.insert(1, Line("new", "action", "He runs."))

        assert formats_of(write(lines).decode()) == [kind, "action", *[kind] * (len(lines) - 2)]


def test_a_leftover_opening_does_not_hide_the_lines_after_it() -> None:
    lines = lines_of("He /* stops\n*/ and goes.\n\nShe stays.\n\n/* cut */")
    del lines[1]

    assert write(lines) == b"He /\\* stops\nShe stays.\n\n/* cut */"
    assert display(lines_of(write(lines).decode())[0]) == "He /* stops"


@pytest.mark.parametrize(
    ("line_format", "text", "attrs", "written"),
    [
        ("scene_heading", "INT. BARN", {"scene_number": "7"}, "INT. BARN #7#"),
        ("scene_heading", "Barn", {"scene_number": "7"}, ".Barn #7#"),
        ("scene_heading", "INT. BARN #8#", {"scene_number": "7"}, "INT. BARN #8#"),
        ("scene_heading", "INT. BARN", {"scene_number": "not one"}, "INT. BARN"),
        ("character", "John", {"dual": True}, "@John ^"),
        ("section", "Act", {"depth": 3}, "### Act"),
    ],
)
def test_values_that_are_only_in_attributes_are_written(
    line_format: LineFormat, text: str, attrs: dict[str, Attr], written: str
) -> None:
    assert write([Line("1", line_format, text, "", attrs)]).decode() == written


@THOROUGH
@given(st.sampled_from(["!x", ".FOO", "...x", "@Bob", "#a", "=a", ">a<", "a <", "(low)", "INT. A", "CUT TO:"]), formats)
def test_added_marks_are_not_shown(text: str, line_format: LineFormat) -> None:
    lines = script(("character", "JOHN"), ("dialogue", "x"), (line_format, text), ("action", "!x"))

    reread = lines_of(write(lines).decode())[2]

    if reread.text != text and line_format not in {"parenthetical", "page_break", "title_entry", "note", "boneyard"}:
        assert display(reread).strip("> <") == text.strip("> <")


def _only_adds(text: str, new: str) -> bool:
    rest = iter(new)
    return all(character in rest for character in text)
