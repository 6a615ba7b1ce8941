"""Final Draft files of scripts full of marks and notes: never more parts than a file may have to be read again."""

from __future__ import annotations

import pytest

from domain.formats.fdx import write
from domain.formats.fdx.writing.expected import MAX_EMPTY_LINES, MAX_INNER_NOTES, MAX_MARK_CHARACTERS
from tests.domain.formats.final_draft import contents, lines_of
from tests.domain.formats.screenwriting import lines_of as fountain_lines


@pytest.mark.parametrize(
    ("source", "part", "most"),
    [
        (("_a_ *b* " * 450 + "\n\n") * 20, b"<Text", MAX_MARK_CHARACTERS + 100),
        (("/*a*/x" * 300 + "\n\n") * 20, b"<ScriptNote", MAX_INNER_NOTES),
        ("/* a\n" + ("b" + "\n" * 400) * 20 + "*/\n", b"<Paragraph", MAX_EMPTY_LINES + 100),
        ("Title: x\n" * (MAX_EMPTY_LINES + 100), b"<Paragraph", 2 * MAX_EMPTY_LINES + 200),
    ],
)
def test_a_script_full_of_marks_is_read_again_as_it_was(source: str, part: bytes, most: int) -> None:
    lines = fountain_lines(source)
    written = write(lines)

    assert contents(lines_of(written)) == contents(lines)
    assert most / 3 < written.count(part) <= most


def test_emphasis_beyond_the_budget_is_text() -> None:
    lines = fountain_lines(("_a_ *b* " * 450 + "\n\n") * 20)

    assert write(lines).count(b'Style="Italic"') == MAX_MARK_CHARACTERS // 4 - MAX_MARK_CHARACTERS // 4 % 450
