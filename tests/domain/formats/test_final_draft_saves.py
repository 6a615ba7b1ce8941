"""Fountain files that Final Draft has saved: it drops our attribute, so everything must be in what it keeps."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.formats.fdx import write
from domain.formats.fountain import read as read_fountain
from domain.formats.fountain import write as write_fountain
from domain.script.line import Line
from tests.domain.formats.final_draft import contents, lines_of
from tests.domain.formats.printed_script import printed
from tests.domain.formats.screenwriting import THOROUGH, numbered
from tests.domain.formats.screenwriting import lines_of as fountain_lines


def saved(data: bytes) -> bytes:
    """A file as Final Draft saves it: without the attribute that it does not know."""
    return re.sub(rb' ScriptLedger="[^"]*"', b"", data)


def saved_by_version_13(data: bytes) -> bytes:
    """The same by a newer version: notes are at the end, each paragraph has a type and a text."""
    root = ElementTree.fromstring(saved(data))
    notes = ElementTree.SubElement(root, "ScriptNotes")
    start = 0
    for paragraph in root.iterfind("Content/Paragraph"):
        inner = paragraph.findall("DualDialogue/Paragraph") or [paragraph]
        for each in inner:
            length = sum(len(text.text or "") for text in each.findall("Text"))
            for number, note in enumerate(each.findall("ScriptNote")):
                each.remove(note)
                note.attrib.update(Id=str(number), Range=f"{start},{start + length}", WriterName="Rosa")
                notes.append(note)
            if each.find("DualDialogue") is None:
                each.attrib.setdefault("Type", "General")
                if each.find("Text") is None:
                    ElementTree.SubElement(each, "Text").text = ""
            start += length + 1
    return ElementTree.tostring(root)


def after(source: str) -> str:
    """A Fountain text after Final Draft has saved it."""
    return write_fountain(lines_of(saved(write(fountain_lines(source))))).decode()


def test_every_real_script_comes_back(screenplays: Path) -> None:
    files = sorted(screenplays.rglob("*.fountain"))
    assert len(files) >= 80
    for file in files:
        lines = list(read_fountain(file.read_bytes(), numbered()).lines)
        exported = write(lines)

        assert contents(lines_of(exported)) == contents(lines), file
        for save in (saved, saved_by_version_13):
            returned = write_fountain(lines_of(save(exported)))
            assert printed(list(read_fountain(returned, numbered()).lines)) == printed(lines), file


_words = st.sampled_from(
    ("He waits.", "Zoë", "a *b* c", "**loud**", "_so_ ***far***", "5 * 3", "x_1", "…", "(so)", "he")
)
_spans = st.sampled_from(("", "", "", " /* cut this */", " [[why?]]", " /* a *b* */ and"))
_line = st.builds("Then {}{}".format, _words, _spans)
_block = st.one_of(
    st.lists(_line, min_size=1, max_size=3).map("\n".join),
    st.builds("INT. HOUSE - {}{}".format, st.sampled_from(("DAY", "NIGHT #12A#", "*LATER*")), _spans),
    st.builds("JOHN{}\n(low)\n{}".format, st.sampled_from(("", " (V.O.)", " /* was BILL */")), _line),
    st.builds("JOHN\n{}\n{}\n\nMARY ^\n{}".format, _line, _line, _line),
    st.sampled_from(
        ("===", "CUT TO:", "> THE END <\n> FIN <", "# Act", "= They meet.", "~la\n~la *la*", "!!CLOSE ON HAY")
    ),
    st.builds("[[{}]]".format, _line.filter(lambda line: "[[" not in line)),
    st.builds("/*\n{}\n\n{}\n*/".format, st.just("Old *text*."), st.sampled_from(("INT. BARN", "x"))),
)
_title_page = st.sampled_from(("", "Title: The _Barn_\nCredit: Written by\nAuthor: Rosa\nContact:\n\tBarn 1\n\tHay\n"))


@THOROUGH
@given(st.tuples(_title_page, st.lists(_block, max_size=6)).map(lambda parts: "\n\n".join([parts[0], *parts[1]])))
def test_any_script_comes_back(source: str) -> None:
    lines = fountain_lines(source)

    assert contents(lines_of(write(lines))) == contents(lines)
    assert printed(fountain_lines(after(source))) == printed(lines)
    returned = write_fountain(lines_of(saved_by_version_13(write(lines)))).decode()
    assert printed(fountain_lines(returned)) == printed(lines)


@pytest.mark.parametrize(
    "source",
    [
        "He waits, and he waits over a work\nshirt and a pencil.\n\nShe goes.\n",
        "One.\nTwo.\nThree.\n\nFour.\n",
        "> THE END <\n> OF ALL <\n",
        "End.\n\n===\n\nINT. BARN - DAY\n\nGo.\n",
        "===\n\nINT. BARN - DAY\n",
        "End.\n\n===\n",
        "End.\n\n===\n\n===\n\nGo.\n",
        "End.\n\n===\n\n# Act Two\n\nINT. BARN - DAY\n",
        "End.\n\n===\n\nJOHN\nHi.\n\nMARY ^\nHo.\n",
        "He *really* waits, **loud** and _under_.\n\nWIN\nI said ***no***.\n",
        "INT. *BARN* - DAY #2#\n\nHay.\n",
        "> *Slow* burn.\n",
        "WIN\n(*low*)\nNo.\n",
        "~la *la*\n",
        "He waits.\n/*cut*/\n\nShe goes.\n",
        "He waits.\n/* INT. BARN\n\nHay. */\n\nShe goes.\n",
        "He waits.\n[[why\nso]]\n",
        "!!INSIDE THE CUPBOARD\n\nRats.\n",
        "The sign says \\*closed\\*.\n",
        "INT. BARN - DAY\n\n> CUT TO WHITE.\n\n.LATER\n\n@McClane\nYippee.\n",
    ],
)
def test_it_comes_back_to_the_letter(source: str) -> None:
    assert after(source) == source


def test_a_boneyard_inside_a_line_comes_back_below_it() -> None:
    assert after("He waits. /* cut */ Then he goes.\n") == "He waits. Then he goes.\n/*cut*/\n"
    assert after("WIN /* was LYLE */\nNo.\n") == "WIN\n/*was LYLE*/\nNo.\n"


def test_notes_above_a_page_come_back_on_that_page() -> None:
    source = "End.\n\n===\n\n[[new]]\n\nINT. BARN - DAY\n"
    lines = fountain_lines(source)

    assert contents(lines_of(write(lines))) == contents(lines)
    assert after(source) == "End.\n\n===\n\nINT. BARN - DAY\n[[new]]\n"


def test_a_paragraph_of_action_is_one_paragraph() -> None:
    root = ElementTree.fromstring(write(fountain_lines("One *two\nthree*.\n[[x]]\n\nFour.\r\nFive.\n\n  \n\nSix.\n")))

    paragraphs = [
        "".join(text.itertext()) for text in root.iterfind("Content/Paragraph") if text.find("Text") is not None
    ]
    assert [text.removeprefix("x") for text in paragraphs] == ["One *two\nthree*.", "Four.\nFive.", "  ", "Six."]


def test_final_draft_shows_no_marks() -> None:
    source = "INT. HUT #104# [[BLUE]]\n\nHe *waits*. /* cut */ So.\n\nWIN /* was LYLE */\n_No_. [[why\nnow]] Yes.\n"
    root = ElementTree.fromstring(write(fountain_lines(source)))

    shown = ["".join(text.text or "" for text in each.findall("Text")) for each in root.iterfind("Content/Paragraph")]
    assert shown == ["INT. HUT", "He waits. So.", "WIN", "No.", "Yes."]
    styles = [text.get("Style") for text in root.iterfind("Content/Paragraph/Text")]
    assert [style for style in styles if style] == ["Italic", "Underline"]


def test_a_boneyard_is_a_note_by_that_name() -> None:
    root = ElementTree.fromstring(write(fountain_lines("Go.\n/* cut\n\nmore */\n[[why]]\n")))

    notes = [(note.get("Name"), [each.findtext("Text") for each in note]) for note in root.iter("ScriptNote")]
    assert notes == [("Boneyard", ["cut", None, "more"]), (None, ["why"])]


def test_what_is_changed_in_final_draft_overrides_what_was_kept() -> None:
    exported = write(fountain_lines("One. /* cut */ Two.\nThree.\n\n====\n\nFour.\n"))
    edited = exported.replace(b"<Text>One. Two.", b"<Text>One. Too.")
    without_break = exported.replace(b' StartsNewPage="Yes"', b"")

    assert [(line.format, line.text) for line in lines_of(edited)] == [
        ("action", "One. Too."),
        ("action", "Three."),
        ("boneyard", "cut"),
        ("page_break", "===="),
        ("action", "Four."),
    ]
    assert [line.format for line in lines_of(without_break)] == ["action", "action", "action"]


def test_the_title_page_is_set_out_in_final_draft() -> None:
    source = "Title:\n\t_**The Barn**_\n\tPart Two\nCredit: by\nAuthor: Rosa\nContact:\n\tBarn 1\n\nHay.\n"
    root = ElementTree.fromstring(write(fountain_lines(source)))

    page = root.findall("TitlePage/Content/Paragraph")
    assert [(each.get("Alignment"), each.findtext("Text")) for each in page if each.findtext("Text")] == [
        ("Center", "The Barn"),
        ("Center", "Part Two"),
        ("Center", "by"),
        ("Center", "Rosa"),
        ("Left", "Barn 1"),
    ]
    assert after(source) == (
        "Title:\n    _**The Barn**_\n    Part Two\nCredit: by\nAuthor: Rosa\nContact: Barn 1\n\nHay.\n"
    )


def test_scripts_imported_before_page_breaks_were_lines_keep_them() -> None:
    lines = [
        Line("1", "action", "End.", "\n\n"),
        Line("2", "action", "Go.", "\n", {"fdx_paragraph": '{"StartsNewPage":"Yes"}'}),
    ]

    assert contents(lines_of(write(lines))) == contents(lines)
    assert b'StartsNewPage="Yes"' in write(lines)
    assert write_fountain(lines) == b"End.\n\n===\n\nGo.\n"
