"""Title pages of Final Draft as Fountain: with keys, and an empty line below them."""

from __future__ import annotations

import pytest

from domain.formats.fdx import read
from domain.formats.fountain import read as read_fountain
from domain.formats.fountain import write as write_fountain
from tests.domain.formats.final_draft import paragraph, script
from tests.domain.formats.screenwriting import numbered


def fountain(*texts: str, attributes: str = ' Alignment="Center"') -> str:
    """The Fountain text of a title page; an empty text is an empty paragraph, a text after `|` is at the left."""
    page = "".join(
        f"<Paragraph{'' if text.startswith('|') else attributes}>"
        + (f"<Text>{text.removeprefix('|')}</Text>" if text else "")
        + "</Paragraph>"
        for text in texts
    )
    imported = read(script(paragraph("Scene Heading", "INT. HUT"), title_page=page), numbered())
    written = write_fountain(imported.lines)
    again = read_fountain(written, numbered())
    assert again.title == imported.title
    assert [line.format for line in again.lines][-1] == "scene_heading"
    assert all(line.format == "title_entry" for line in again.lines[:-1])
    title_page, heading = written.decode().split("\n\n")
    assert heading == "INT. HUT\n"
    return title_page


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        (["THE SCALE", "", "Written by", "", "Ann Oak"], "Title: THE SCALE\nCredit: Written by\nAuthor: Ann Oak"),
        (["", "", "THE SCALE", "by", "Ann Oak"], "Title: THE SCALE\nCredit: by\nAuthor: Ann Oak"),
        (["HEAVY WATER: A LOVE STORY"], "Title: HEAVY WATER: A LOVE STORY"),
        (["THE SCALE", " ", "Written by", " ", "Ann Oak"], "Title: THE SCALE\nCredit: Written by\nAuthor: Ann Oak"),
        (["HARVEST", "PART TWO", "", "by", "Ann"], "Title:\n    HARVEST\n    PART TWO\nCredit: by\nAuthor: Ann"),
        (["X", "", "Written by Ann Oak"], "Title: X\nCredit: Written by\nAuthor: Ann Oak"),
        (
            ["X", "", "Screenplay by", "Ann Oak", "&amp;", "Bob"],
            "Title: X\nCredit: Screenplay by\nAuthor:\n    Ann Oak\n    &\n    Bob",
        ),
        (
            ["X", "", "Written by", "Ann", "", "Story by", "Bob"],
            "Title: X\nCredit: Written by\nAuthor:\n    Ann\n    Story by\n    Bob",
        ),
        (["X", "", "by", "Ann", "", "Story by Bob"], "Title: X\nCredit: by\nAuthor: Ann\nSource: Story by Bob"),
        (
            ["X", "", "by", "Ann", "", "Based on the novel", "by Bob Elm"],
            "Title: X\nCredit: by\nAuthor: Ann\nSource:\n    Based on the novel\n    by Bob Elm",
        ),
        (["X", "by Ann Oak"], "Title: X\nCredit: by\nAuthor: Ann Oak"),
        (["X", "", "Based on a tale", "by Bob"], "Title: X\nSource:\n    Based on a tale\n    by Bob"),
        (["By the Sea", "", "by", "Ann"], "Title: By the Sea\nCredit: by\nAuthor: Ann"),
        (["STAND BY", "", "Story by", "", "Ann"], "Title: STAND BY\nCredit: Story by\nAuthor: Ann"),
        (["X", "", "Ann Oak"], "Title: X\nAuthor: Ann Oak"),
        (["X", "", "|Ann Oak"], "Title: X\nContact: Ann Oak"),
        (["X", "", "Episode 1", "", "by", "Ann"], "Title: X\nNotes: Episode 1\nCredit: by\nAuthor: Ann"),
        (
            ["X", "", "by", "Ann", "", "|ann@x.org", "|Phone: 12"],
            "Title: X\nCredit: by\nAuthor: Ann\nContact:\n    ann@x.org\n    Phone: 12",
        ),
        (
            ["X", "", "by", "Ann", "", "|First Draft", "|May 3, 2024"],
            "Title: X\nCredit: by\nAuthor: Ann\nDraft date:\n    First Draft\n    May 3, 2024",
        ),
        (["X", "", "by", "Ann", "", "|(c) 2024 Ann"], "Title: X\nCredit: by\nAuthor: Ann\nCopyright: (c) 2024 Ann"),
        (["by", "Ann"], "Credit: by\nAuthor: Ann"),
        (["5 * 3", "", "by", "*A*"], "Title: 5 * 3\nCredit: by\nAuthor: \\*A\\*"),
        (["NO: 1", "", "[[x]]"], "Title: NO: 1\nAuthor: [\\[x]]"),
        (["Title: The Barn", "Author: Ann"], "Title: The Barn\nAuthor: Ann"),
    ],
)
def test_a_title_page_gets_its_keys(texts: list[str], written: str) -> None:
    assert fountain(*texts) == written


def test_a_title_page_without_alignment_gets_them_too() -> None:
    assert fountain("X", "", "by", "Ann", attributes="") == "Title: X\nCredit: by\nAuthor: Ann"


def test_the_styles_of_a_title_are_marks() -> None:
    page = '<Paragraph><Text Style="Bold+Underline">THE SCALE</Text><Text> of *</Text></Paragraph>'
    imported = read(script(title_page=page), numbered())
    written = write_fountain(imported.lines)

    assert written == b"Title: _**THE SCALE**_ of *\n"
    assert read_fountain(written, numbered()).title == imported.title == "THE SCALE of *"


def test_a_title_page_whose_keys_are_text_keeps_them() -> None:
    page = '<Paragraph><Text Style="Bold">Title: The Barn</Text></Paragraph><Paragraph><Text>by: x</Text></Paragraph>'
    imported = read(script(title_page=page), numbered())

    assert imported.title == "The Barn"
    assert write_fountain(imported.lines).startswith(b"Title: **The Barn**\n")


def test_a_title_page_that_is_empty_leaves_nothing() -> None:
    page = "<Paragraph/><Paragraph><Text> </Text></Paragraph>"
    imported = read(script(paragraph("Action", "Hay."), title_page=page), numbered())

    assert imported.title is None
    assert write_fountain(imported.lines).decode().split() == ["Hay."]
