"""Script notes and alternates as Final Draft 12 and 13 keep them: apart from the text that they belong to."""

from __future__ import annotations

import time
from xml.etree import ElementTree

import pytest

from domain.formats.fdx import problem, read, write
from tests.domain.formats.final_draft import lines_of, paragraph, script
from tests.domain.formats.screenwriting import numbered
from tests.slowness import adjusted_for_load

# They start at 0, 9 and 21; the script ends at 30.
PARAGRAPHS = [paragraph("Action", text) for text in ("One two.", "Three four.", "Five six.")]


def notes(*ranges: str) -> str:
    inside = "".join(
        f'<ScriptNote Id="{number}" Range="{place}"><Paragraph><Text>n{number}</Text></Paragraph></ScriptNote>'
        for number, place in enumerate(ranges, start=1)
    )
    return f"<ScriptNotes>{inside}</ScriptNotes>"


def placed(data: bytes) -> list[str]:
    return [line.text for line in lines_of(data)]


@pytest.mark.parametrize(
    ("place", "line"),
    [("0,3", 0), ("8,8", 0), ("9,14", 1), ("19,15", 1), ("21,30", 2), ("0,30", 0), ("99,120", 2), ("", 2), ("x", 2)],
)
def test_a_note_follows_the_paragraph_where_its_range_begins(place: str, line: int) -> None:
    data = script(*PARAGRAPHS, more=notes(place))

    assert placed(data).index("n1") == line + 1
    assert problem(data) is None


def test_notes_are_in_the_order_of_the_text() -> None:
    data = script(*PARAGRAPHS, more=notes("22,23", "9,10", "9,10", "0,1"))

    assert placed(data) == ["One two.", "n4", "Three four.", "n2", "n3", "Five six.", "n1"]


def test_a_range_counts_the_paragraphs_of_dual_dialogue() -> None:
    speeches = "".join(
        paragraph(kind, text) for kind, text in [("Character", "ANNA"), ("Dialogue", "Now!"), ("Character", "LYLE")]
    )
    dual = f"<Paragraph><DualDialogue>{speeches}</DualDialogue></Paragraph>"

    assert placed(script(dual, PARAGRAPHS[0], more=notes("5,6", "15,16"))) == [
        *("ANNA", "Now!", "n1", "LYLE", "One two.", "n2"),
    ]


def test_a_note_keeps_what_final_draft_says_of_it_but_its_range() -> None:
    line = lines_of(script(PARAGRAPHS[0], more=notes("0,3")))[1]

    assert (line.format, line.text, line.attrs) == ("note", "n1", {"fdx_note": '{"Id":"1"}'})


def test_a_note_of_a_file_without_text_is_kept() -> None:
    data = script(more=notes("0,0"))

    assert [(line.format, line.text) for line in lines_of(data)] == [("note", "n1")]


def test_nothing_of_the_notes_is_left_out() -> None:
    imported = read(script(*PARAGRAPHS, more=notes("0,3")), numbered())

    assert imported.left_out == ()


def test_the_empty_paragraphs_of_a_note_are_its_empty_lines() -> None:
    inside = "<Paragraph><Text>One.</Text></Paragraph><Paragraph/><Paragraph><Text>Two.</Text></Paragraph>"
    data = script(paragraph("Action", "Go.", f'<ScriptNote Name="Boneyard">{inside}</ScriptNote>'))

    assert [(line.format, line.text, line.sep) for line in lines_of(data)] == [
        ("action", "Go.", "\n"),
        ("boneyard", "One.", "\n\n"),
        ("boneyard", "Two.", "\n"),
    ]
    assert problem(data) is None


ALTS = '<Alts Current="0"><AltId>8</AltId><AltId> 9 </AltId></Alts>'


def alternate(number: int, text: str) -> str:
    return f'<Alt Id="{number}"><Paragraph Alignment="Left"><Text Style="Bold">{text}</Text></Paragraph></Alt>'


def test_alternates_stay_with_their_paragraph() -> None:
    more = f"<AltCollection>{alternate(8, 'Or so.')}{alternate(9, 'Or not.')}</AltCollection>"
    data = script(paragraph("Action", "Go."), paragraph("Dialogue", "One.", ALTS), more=more)
    imported = read(data, numbered())

    root = ElementTree.fromstring(write(imported.lines))
    there = {each.get("Id"): each.findtext("Paragraph/Text") for each in root.iterfind("AltCollection/Alt")}
    named = [each.text for each in root.iterfind("Content/Paragraph/Alts/AltId")]
    assert [there[name] for name in named] == ["Or so.", "Or not."]
    assert imported.left_out == ()
    assert problem(data) is None


def test_alternates_that_are_not_in_the_file_are_not_named() -> None:
    more = f"<AltCollection>{alternate(7, 'Mine.')}</AltCollection>"
    data = script(paragraph("Dialogue", "One.", ALTS), more=more)
    imported = read(data, numbered())

    assert b"AltId" not in write(imported.lines)
    assert imported.left_out == ("AltCollection (1 word)",)


def test_an_alternate_that_many_paragraphs_name_is_kept_once() -> None:
    long = "x" * 100_000
    more = f"<AltCollection>{alternate(8, long)}</AltCollection>"
    data = script(*[paragraph("Dialogue", "One.", ALTS)] * 1_000, more=more)

    assert write(lines_of(data)).count(long.encode()) == 1


def test_many_notes_and_alternates_are_placed_in_linear_time() -> None:
    count = 8_000
    more = notes(*(f"{place * 5},{place * 5}" for place in reversed(range(count))))
    collection = "".join(alternate(number, "x") for number in range(count))
    texts = [paragraph("Action", "Four", f"<Alts><AltId>{number}</AltId></Alts>") for number in range(count // 4)]
    data = script(*texts, more=f"{more}<AltCollection>{collection}</AltCollection>")
    began = time.process_time()
    lines = lines_of(data)

    assert len(lines) == count // 4 + count
    assert time.process_time() - began < adjusted_for_load(2)
