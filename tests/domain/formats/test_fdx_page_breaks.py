"""Page breaks of Final Draft: paragraphs that start a new page, and lines of three equals signs."""

from __future__ import annotations

import pytest

from domain.formats.fdx import problem, write
from domain.formats.fountain import write as write_fountain
from domain.script.line import Line
from tests.domain.formats.final_draft import contents, lines_of, paragraph, script

NEW_PAGE = {"StartsNewPage": "Yes"}


def fountain(*paragraphs: str, more: str = "") -> str:
    """The Fountain text of a file that survives a round trip."""
    data = script(*paragraphs, more=more)
    assert problem(data) is None
    return write_fountain(lines_of(data)).decode()


@pytest.mark.parametrize(
    ("kind", "text", "written"),
    [
        ("Scene Heading", "INT. BARN", "INT. BARN"),
        ("Action", "Go.", "Go."),
        ("Character", "JOHN", "@JOHN"),
        ("Transition", "CUT TO:", "CUT TO:"),
        ("Shot", "ANGLE ON", "!!ANGLE ON"),
        ("New Act", "ACT TWO", "ACT TWO"),
        ("Outline 1", "Two", "# Two"),
    ],
)
def test_a_paragraph_that_starts_a_new_page_has_a_page_break_above(kind: str, text: str, written: str) -> None:
    end = paragraph("Action", "End.")

    assert fountain(end, paragraph(kind, text, **NEW_PAGE)) == f"End.\n\n===\n\n{written}\n"
    assert fountain(end, paragraph(kind, text, StartsNewPage="No")) == f"End.\n\n{written}\n"


def test_dual_dialogue_may_start_a_new_page() -> None:
    speeches = "".join(
        paragraph(kind, text)
        for kind, text in [("Character", "ANNA"), ("Dialogue", "Now!"), ("Character", "LYLE"), ("Dialogue", "No!")]
    )
    dual = f'<Paragraph StartsNewPage="Yes"><DualDialogue>{speeches}</DualDialogue></Paragraph>'

    assert fountain(paragraph("Action", "End."), dual) == "End.\n\n===\n\nANNA\nNow!\n\nLYLE ^\nNo!\n"


def test_an_empty_paragraph_that_starts_a_new_page_is_the_page_break() -> None:
    assert fountain(paragraph("Action", "End."), '<Paragraph Type="General" StartsNewPage="Yes"/>') == "End.\n\n===\n"


def test_types_that_start_a_new_page_have_page_breaks() -> None:
    settings = (
        '<ElementSettings Type="New Act"><ParagraphSpec StartsNewPage="Yes"/></ElementSettings>'
        '<ElementSettings Type="Action"><ParagraphSpec StartsNewPage="No"/></ElementSettings>'
    )
    acts = [paragraph("New Act", "ACT ONE"), paragraph("Action", "Hay."), paragraph("New Act", "ACT TWO")]

    assert fountain(*acts, more=settings) == "ACT ONE\n\nHay.\n\n===\n\nACT TWO\n"


def test_a_page_break_keeps_its_text_and_attributes() -> None:
    lines = [
        Line("1", "page_break", "==== ", "\n\n", {"x": 1}),
        Line("2", "action", "One.", "\n\n"),
        Line("3", "page_break", "", "\n"),
        Line("4", "page_break", "Two", "\n\n"),
        Line("5", "note", "why", "\n"),
        Line("6", "synopsis", "So.", "\n"),
    ]

    assert contents(lines_of(write(lines))) == contents(lines)
    assert write(lines).count(b'StartsNewPage="Yes"') == 3
