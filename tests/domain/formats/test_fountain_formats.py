"""Formats of Fountain lines: the specification by example, and the cases it leaves open."""

from __future__ import annotations

import pytest

from domain.formats.fountain import display, read
from domain.script.line import Attr
from tests.domain.formats.screenwriting import formats_of, lines_of, numbered

ALONE = {
    "scene_heading": (
        *("INT. BARN - DAY", "ext. barn", "INT/EXT CAR", "INT./EXT. CAR", "I/E. CAR", "i./e. car", "EST BARN"),
        *("INT - BARN", ".BARN", ".école", '."ROSEBUD"', "   .BARN", "\ufeffINT. BARN"),
    ),
    "action": (
        *("He runs.", "INTERIOR design", "...and then", ". BARN", "==", "!INT. BARN", "!", "JOHN", "cut to:"),
        *("CUT TO: ", "A [[note]] inside", "A /* cut */ inside", "@", "  ", "[[not closed", "/* not closed", "*/"),
        *("SUPER: Corrow, 1875.", "NARRATOR: Long ago.", "My Key: value", "Chapter One: Hay", "!!", "!!!WOW"),
    ),
    "shot": ("!!INSIDE THE CUPBOARD", "  !!CLOSE ON: HAY", "!! x"),
    "character": ("@McClane", "@23", "@John (on the radio) ^"),
    "transition": ("CUT TO:", "FADE IN:", "FADE OUT.", "FADE TO BLACK.", "> Burn to white.", "    CUT TO:", ">x\\<"),
    "centered": ("> THE END <", ">x<", "  > x <  ", "><"),
    "lyric": ("~ La la", "~"),
    "section": ("# Act", "###Deep", "#"),
    "synopsis": ("= What happens", "="),
    "page_break": ("===", "  =====  "),
    "note": ("[[note]]", "  [[a]] [[b]]", "[[a]] /* b */"),
    "boneyard": ("/* cut */", "/**/", "/* a */ [[b]]"),
    "title_entry": ("Title: X", "title:", "TITLE: X", "Notes: a", "    Title: X"),
}


@pytest.mark.parametrize(("line_format", "text"), [(key, text) for key, texts in ALONE.items() for text in texts])
def test_a_line_alone(line_format: str, text: str) -> None:
    assert formats_of(text) == [line_format]


@pytest.mark.parametrize(
    "name",
    [
        *("JOHN", "R2D2", "MARY (V.O.) (cont'd)", "HANS (on the radio)", "ÉLODIE", "A & B", "\t\tJOHN ", "JOHN^"),
        *(
            "SOLDADO Nº 1",
            "Mª ISABEL",
            "Nª SRA.",
            "GROßMUTTER",
            "5ᵗʰ SOLDIER",
            "N° 2",
            "GROẞ",
            "ΣΟΦΙΑ",
            "СОФЬЯ",
            "№ 3 GUARD",
        ),
    ],
)
def test_a_name_in_capitals_is_a_cue_for_the_line_directly_below(name: str) -> None:
    assert formats_of(f"{name}\nHello.") == ["character", "dialogue"]
    assert formats_of(f"{name}\n\nHello.") == ["action", "action"]
    assert formats_of(f"He runs.\n{name}\nHello.") == ["action", "action", "action"]


@pytest.mark.parametrize(
    "name",
    [
        "23",
        "ß",
        "º",
        "Jöhn",
        "ÉLODIe",
        "Σοφια",
        "ǅOHN",
        "ŉ DOG",
        "John",
        "Han (O.S.)",
        "约翰",
        "AND ^ (dual)",
        "(V.O.)",
        "INT. BARN",
        "CUT TO:",
    ],
)
def test_a_line_that_is_not_a_name_is_no_cue(name: str) -> None:
    assert formats_of(f"{name}\nHello.") == ["action", "action"]


@pytest.mark.parametrize(
    "line",
    [
        "!He runs.",
        "!!ANGLE",
        ".38 special.",
        "# 5",
        "= four",
        "===",
        "> CUT",
        "> x <",
        "@rosa_22",
        "INT. BARN",
        "CUT TO:",
    ],
)
def test_a_line_directly_below_a_spoken_one_is_spoken(line: str) -> None:
    spoken = lines_of(f"JOHN\n{line}\n(low)\n{line}\n[[note]]\n{line}\n\n{line}")

    assert [line.format for line in spoken[:-1]] == [
        *("character", "dialogue", "parenthetical", "dialogue", "note", "dialogue")
    ]
    assert spoken[-1].format != "dialogue"
    assert display(spoken[1]) == line


def test_a_speech_lasts_until_an_empty_line() -> None:
    speech = "JOHN\n(low)\nA.\n~La\n[[why?]]\n/* cut\n\nmore */\nB.\n  \nMARY\n(c)\n\nAction."

    assert formats_of(speech) == [
        *("character", "parenthetical", "dialogue", "lyric", "note", "boneyard", "boneyard", "dialogue"),
        *("dialogue", "dialogue", "parenthetical", "action"),
    ]


def test_a_line_of_one_space_ends_a_speech_like_an_empty_one() -> None:
    assert formats_of("JOHN\nA.\n \nB.") == ["character", "dialogue", "action", "action"]


@pytest.mark.parametrize("heading", ["INT. BARN", "CUT TO:"])
def test_a_heading_or_transition_needs_empty_lines_around_it(heading: str) -> None:
    kind = formats_of(heading)[0]

    assert formats_of(f"Run.\n\n{heading}\n\nStop.")[1] == kind
    assert formats_of(f"Run.\n{heading}\n\nStop.")[1] == "action"
    assert formats_of(f"Run.\n\n{heading}\nStop.")[1] == "action"


@pytest.mark.parametrize("unprinted", ["[[note]]", "/* cut */", "= What happens", "# Act", "===", " "])
def test_unprinted_lines_next_to_a_heading_do_not_change_it(unprinted: str) -> None:
    assert formats_of(f"INT. BARN\n{unprinted}\nHe runs.")[0] == "scene_heading"


@pytest.mark.parametrize("unprinted", ["# Act", "##transit", "= What happens", "===", "# Act\n= What", "# A\n[[note]]"])
@pytest.mark.parametrize(("line", "line_format"), [("INT. BARN", "scene_heading"), ("CUT TO:", "transition")])
def test_an_unprinted_line_directly_above_leaves_nothing_above(unprinted: str, line: str, line_format: str) -> None:
    assert formats_of(f"He runs.\n\n{unprinted}\n{line}\n\nHe.")[-2] == line_format
    assert formats_of(f"He runs.\n\n{unprinted}\nJOHN\nHello.")[-2:] == ["character", "dialogue"]
    assert formats_of(f"He runs.\n\n{unprinted}\n{line}\nHe.")[-2] == "action"


@pytest.mark.parametrize("unprinted", ["[[note]]", "/* cut */", "/* a\nb */", " "])
def test_a_heading_may_follow_a_line_that_leaves_an_empty_one_when_removed(unprinted: str) -> None:
    assert formats_of(f"He runs.\n{unprinted}\nINT. BARN")[-1] == "scene_heading"


def test_a_note_may_span_lines_but_not_an_empty_line() -> None:
    assert formats_of("He [[b\nc\n  \nd]] E.") == ["action", "note", "note", "action"]
    assert formats_of("[[b\n\nc]]") == ["action", "action"]
    assert formats_of("[[b\n \nc]]") == ["action", "action", "action"]


def test_a_boneyard_hides_everything_up_to_its_end() -> None:
    assert formats_of("/*\nINT. BARN\n\n  \n[[x\n*/\nRun.") == ["boneyard"] * 5 + ["action"]
    assert formats_of("He /* x\n*/ runs.") == ["action", "action"]


def test_the_span_that_opens_first_wins() -> None:
    assert formats_of("[[a /* b]]\nc */") == ["note", "action"]
    assert formats_of("/* a [[ b */\nc ]]") == ["boneyard", "action"]


def test_the_title_page_is_at_the_top_and_ends_with_an_empty_line() -> None:
    assert formats_of("Title:\n    A\n\tB: C\nAuthor: X\n\nCredit: Y") == ["title_entry"] * 4 + ["action"]
    assert formats_of("\n\n[[note]]\nTitle: A\n/* b */\nFoo: c") == [
        *("action", "note", "title_entry", "boneyard", "title_entry"),
    ]
    assert formats_of("Title: A\nNo key.\nFoo: b") == ["title_entry", "action", "action"]


@pytest.mark.parametrize("indent", [" ", "  ", "   ", "\t", "\u3000"])
def test_any_indent_continues_the_value_of_a_key(indent: str) -> None:
    assert formats_of(f"Title:\n{indent}HARVEST\n{indent}PART TWO\nAuthor: A\n{indent}B\n\nGo.") == [
        *["title_entry"] * 5,
        "action",
    ]


@pytest.mark.parametrize(
    ("page", "is_title_page"),
    [
        ("SUPER: x\nTitle: X", True),
        ("SUPER: x\nFoo: y\nAuthor: X", True),
        ("Foo:\n  bar\nAuthor: X", True),
        ("Titel: Ernte\nAutor: X", True),
        ("Foo: a\n[[note]]\nBar: b", True),
        ("SUPER: x\nFoo: y", False),
        ("NARRATOR: Long ago.\nVOICE: Yes.", False),
        ("Foo: a\n\nTitle: b", False),
        ("Foo: a\nNo key.\nTitle: b", False),
        ("FADE IN:\n  INT. BARN", False),
    ],
)
def test_other_keys_are_a_title_page_only_together(page: str, is_title_page: bool) -> None:
    assert (formats_of(f"{page}\n\nINT. BARN\n\nGo.")[0] == "title_entry") is is_title_page


@pytest.mark.parametrize("text", ["FADE IN:", "He says: no.", "INT. BARN: DAY", "lower: x", ": x", "http://x.y"])
def test_a_colon_alone_makes_no_title_page(text: str) -> None:
    assert "title_entry" not in formats_of(text)


@pytest.mark.parametrize(
    ("source", "attrs"),
    [
        ("INT. BARN #1-A.2#", {"scene_number": "1-A.2"}),
        (".BARN #7# [[note]]", {"scene_number": "7"}),
        ("INT. BARN #a b#", {}),
        ("INT. BARN ##", {}),
        ("INT. BARN 1#", {}),
        ("@John ^", {"dual": True}),
        ("@John", {}),
        ("###Deep", {"depth": 3}),
        ("He is #1#", {}),
    ],
)
def test_the_attributes_of_a_line(source: str, attrs: dict[str, Attr]) -> None:
    assert lines_of(source)[0].attrs == attrs


def test_empty_lines_belong_to_the_line_above_and_at_the_top_to_a_line_without_text() -> None:
    assert [(line.text, line.sep) for line in lines_of("\n\r\na\n\n\rb")] == [
        ("", "\n\r\n"),
        ("a", "\n\n\r"),
        ("b", ""),
    ]


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("He runs.\nINT. BARN - DAY\n\nGo.", "line 2 is"),
        ("INT. BARN - DAY\nHe runs.\n\n\nEXT. YARD\nGo.", "lines 1 and 5 are"),
        ("JOHN\r\nGo.\r\nINT./EXT. CAR - DAY #4#\r\n\r\nHay.", "line 3 is"),
        ("Go.\nINT. BARN [[n]]\n", "line 2 is"),
    ],
)
def test_a_heading_that_lacks_an_empty_line_is_hinted_at(source: str, places: str) -> None:
    assert read(source.encode(), numbered()).hints == (
        f"Scene headings need an empty line above and below; without, {places} action or dialogue.",
    )


@pytest.mark.parametrize(
    "source",
    [
        "INT. BARN\n\nGo.",
        "He runs.\nInt. the barn.",
        "THE MILL\nEST. 1875",
        "!INT. BARN\nGo.",
        "# A\nINT. BARN\n\nGo.",
        "[[\nINT. B\n]]",
    ],
)
def test_other_files_have_no_hints(source: str) -> None:
    assert read(source.encode(), numbered()).hints == ()
