"""Limits on the expansion of a small file, in lines, characters and work, each with its own refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

import pytest

from domain.commands.line_matching import align
from domain.errors import Rejected
from domain.formats import fdx, fountain
from domain.formats.fdx.xml.tree import ELEMENT_PARTS, MAX_DEPTH, MAX_PARTS
from domain.formats.format import MAX_LINES, Imported
from domain.script.line import Line
from domain.script.validation import check_lines
from tests.domain.formats.final_draft import contents, lines_of, paragraph, script
from tests.domain.formats.screenwriting import numbered

Reader = Callable[[bytes, Callable[[], str]], Imported]
LONG = "x" * 1_000_000


def nested(levels: int, around: str) -> bytes:
    """Nested paragraphs, each wrapped by `around`."""
    inside = "<Paragraph><Text>x</Text></Paragraph>" * 2
    for _ in range(levels):
        inside = f"<Paragraph>{around.format(inside)}<Text>x</Text></Paragraph>"
    return script(inside)


@pytest.mark.parametrize(
    ("around", "levels"),
    [
        ("<SceneProperties><Summary>{}</Summary></SceneProperties>", 19),
        ("<ScriptNote>{}</ScriptNote>", 29),
        ("<DualDialogue>{}</DualDialogue>", 29),
        ("<Other>{}</Other>", 29),
        ("<ScriptNote><SceneProperties><Summary>{}</Summary></SceneProperties></ScriptNote>", 14),
    ],
)
def test_nested_paragraphs_are_read_once(around: str, levels: int) -> None:
    data = nested(levels, around)

    lines = lines_of(data)

    assert len(lines) <= 2 * levels + 2
    assert contents(lines_of(fdx.write(lines))) == contents(lines)


def test_the_paragraphs_of_a_summary_and_of_a_note_are_all_read() -> None:
    inside = "<ScriptNote><Paragraph><Text>n1</Text></Paragraph><Paragraph><Text>n2</Text></Paragraph></ScriptNote>"
    inside += "<SceneProperties><Summary><Paragraph><Text>s1</Text></Paragraph><Paragraph><Text>s2</Text></Paragraph>"
    inside += "</Summary></SceneProperties>"

    lines = lines_of(script(paragraph("Scene Heading", "INT. BARN", inside)))

    assert [line.text for line in lines] == ["INT. BARN", "s1", "s2", "n1", "n2"]


@pytest.mark.parametrize(
    ("read", "of_lines"),
    [
        (fountain.read, lambda lines: b"a\n" * lines),
        (fountain.read, lambda lines: b"a\r\n\r\n" * lines),
        (fdx.read, lambda lines: script(paragraph("Action", "a\n" * (lines - 1)))),
        (fdx.read, lambda lines: script("<Paragraph/>" * lines)),
    ],
)
def test_a_file_may_have_the_largest_number_of_lines_and_no_more(
    read: Reader, of_lines: Callable[[int], bytes]
) -> None:
    assert len(read(of_lines(MAX_LINES), numbered()).lines) == MAX_LINES

    with pytest.raises(Rejected) as refused:
        read(of_lines(MAX_LINES + 1), numbered())

    assert refused.value.code == "too_many_lines"
    assert refused.value.message == f"The file has more than {MAX_LINES} lines; split it and import the parts."


@pytest.mark.parametrize(
    ("data", "code"),
    [
        # One long name, or style, that would be copied to every line of a paragraph.
        (script(f'<Paragraph Type="{LONG}"><Text>{"a&#10;" * 9_000}</Text></Paragraph>'), "lines_too_large"),
        (script(f'<Paragraph><Text Font="{LONG}">{"a&#10;" * 9_000}</Text></Paragraph>'), "lines_too_large"),
        (script("<Paragraph>" + "<Z/>" * (MAX_PARTS // ELEMENT_PARTS) + "</Paragraph>"), "too_many_xml_parts"),
        (script("<Paragraph " + " ".join(f'a{i}=""' for i in range(MAX_PARTS)) + "/>"), "too_many_xml_parts"),
        (script(f'<a xmlns:n="{LONG}">' + '<n:b n:c="1"/>' * 90_000 + "</a>"), "namespace_too_long"),
        (script(f'<a xmlns="{LONG}">' + "<b/>" * 90_000 + "</a>"), "namespace_too_long"),
        (script(f'<n:a xmlns:n="{LONG}" ' + " ".join(f'n:a{i}=""' for i in range(9_000)) + "/>"), "namespace_too_long"),
        (f'<!DOCTYPE a [<!ATTLIST a xmlns:n CDATA "{LONG}">]><a>{"<n:b/>" * 90_000}</a>'.encode(), "doctype_in_xml"),
        (f'<!DOCTYPE a [<!ATTLIST a xmlns:n CDATA "{LONG}">'.encode(), "doctype_in_xml"),
        (script("<Paragraph><Text>" + "&#10;" * 3_000_000 + "</Text></Paragraph>"), "too_many_lines"),
        (script("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH), "xml_too_deep"),
    ],
)  # fmt: skip
def test_a_final_draft_file_that_expands_beyond_a_limit_is_refused(data: bytes, code: str) -> None:
    began = time.process_time()

    with pytest.raises(Rejected) as refused:
        fdx.read(data, numbered())

    assert refused.value.code == code
    assert time.process_time() - began < 5


def test_the_list_of_parts_left_out_is_bounded() -> None:
    parts = "".join(f"<{'N' * 500}{number}><Text>{'<Text>' * 50}a b{'</Text>' * 50}</Text></{'N' * 500}{number}>"
                    for number in range(3))  # fmt: skip
    many = "".join(f"<Part{number}/>" for number in range(1_000))

    left_out = fdx.read(script(paragraph("Action", "Hay."), more=parts + many), numbered()).left_out

    assert left_out[0] == f"{'N' * 80} (2 words)", "a text within a text is counted once"
    assert len(left_out) == 100


OPENINGS = [
    *("[[", "/*", "[[/*", "]]", "*/", "[[a]]", "/*[[", "[[]]/*", "]]/*", "*/[[", "[[/*]]*/", "\\[[", "*", "_", "(")
]


@pytest.mark.parametrize("line_format", ["note", "boneyard", "action", "transition", "page_break", "title_entry"])
@pytest.mark.parametrize("opening", OPENINGS)
def test_lines_full_of_marks_are_written_and_read_in_linear_time(opening: str, line_format: str) -> None:
    # What took the square of the length would take 0.45 s here and 4 s for 300,000 characters; this takes 0.05 s.
    size = 100_000
    lines = [Line(f"l{number}", line_format, opening * (size // 10 // len(opening))) for number in range(10)]  # type: ignore[arg-type]
    began = time.process_time()

    reread = fountain.read(fountain.write(lines), numbered()).lines

    check_lines("lines", reread)
    assert time.process_time() - began < 0.45


def test_an_unclosed_opening_hides_no_span_after_it() -> None:
    [line] = fountain.read(b"[[ never closed /* gone */ seen", numbered()).lines
    assert line.format == "action"
    [one, two] = fountain.read(b"/* open [[ gone ]] [[ still\n]] seen", numbered()).lines
    assert (one.format, two.format) == ("action", "action")


def unlike(lines: int, gaps: int, word: str) -> list[Line]:
    ids = count()
    return [
        Line(f"{word}{next(ids)}", "action", f"anchor {gap}" if not number else f"{word * 60} {number} {gap} {word}")
        for gap in range(gaps)
        for number in range(lines)
    ]


def test_an_alignment_of_unrelated_scripts_is_bounded_over_all_gaps() -> None:
    old, new = unlike(5_000, 10, "abc"), unlike(5_000, 10, "bcd")
    began = time.process_time()

    aligned = align(old, new)

    assert time.process_time() - began < 8
    assert [entry for entry in aligned if isinstance(entry, str)] == [line.id for line in old if "anchor" in line.text]
    assert len(aligned) == len(new)
