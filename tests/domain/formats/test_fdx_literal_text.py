"""Text from Final Draft that looks like marks of Fountain: as Fountain it is still printed."""

from __future__ import annotations

import pytest

from domain.formats.emphasis import emphasised
from domain.formats.fdx import problem
from domain.formats.fountain import display, without_spans, write
from tests.domain.formats.final_draft import lines_of, paragraph, script
from tests.domain.formats.screenwriting import lines_of as fountain_lines


def printed(data: bytes) -> list[tuple[str, str]]:
    """The formats and printed texts of a Final Draft file, after it was written as Fountain."""
    lines = without_spans(fountain_lines(write(lines_of(data)).decode()))
    return [(line.format, "".join(text for text, _ in emphasised(display(line)))) for line in lines]


def styled(*texts: str) -> str:
    """A paragraph of action; the first text is in italics, the next one not, and so on."""
    starts = ('<Text Style="Italic">', "<Text>")
    runs = (f"{starts[place % 2]}{text}</Text>" for place, text in enumerate(texts))
    return f'<Paragraph Type="Action">{"".join(runs)}</Paragraph>'


@pytest.mark.parametrize(
    ("paragraphs", "texts"),
    [
        ([styled("he", "/", "she", "/", "they", " wait.")], ["he/she/they wait."]),
        ([styled("he", "/"), styled("she", "/", "they", " wait.")], ["he/", "she/they wait."]),
        ([styled("", "/", "she"), styled("he", "/ wait.")], ["/she", "he/ wait."]),
        ([styled("", "[", "[so]", "]")], ["[[so]]"]),
    ],
)
def test_emphasis_next_to_a_slash_opens_no_boneyard(paragraphs: list[str], texts: list[str]) -> None:
    assert printed(script(*paragraphs)) == [("action", text) for text in texts]


@pytest.mark.parametrize("text", ["He [[ waits.", "He /* waits.", "[[", "/*", "So */ /* and [["])
@pytest.mark.parametrize("kind", ["Action", "Dialogue", "Scene Heading", "Lyrics", "Transition"])
def test_a_note_closes_no_bracket_in_the_text_above(text: str, kind: str) -> None:
    note = "<ScriptNote><Paragraph><Text>One.</Text></Paragraph><Paragraph><Text>Two.</Text></Paragraph></ScriptNote>"
    data = script(paragraph(kind, text, note))

    assert [shown for _, shown in printed(data)] == [text, "One.", "Two."]
    assert problem(data) is None


@pytest.mark.parametrize("text", ["INT. HUT #3#", "INT. HUT #3#  ", "HUT #5#", "INT. [[HUT]] #3#"])
def test_a_heading_may_end_like_one_with_a_number(text: str) -> None:
    data = script(paragraph("Scene Heading", text, Number="5"))
    lines = fountain_lines(write(lines_of(data)).decode())

    assert [(line.format, display(line), line.attrs) for line in lines] == [
        ("scene_heading", text.strip(), {"scene_number": "5"})
    ]


@pytest.mark.parametrize("text", ["x <", "<", "x <<", "<x> <"])
def test_centered_text_may_end_like_its_mark(text: str) -> None:
    data = script(paragraph("Action", text, Alignment="Center"))

    assert printed(data) == [("centered", text)]
    assert problem(data) is None
