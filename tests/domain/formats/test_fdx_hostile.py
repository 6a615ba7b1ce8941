"""Files that are not Final Draft scripts, or are malicious, are refused with a code and one sentence."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.formats.fdx import read, write
from domain.formats.fdx.preserved import ATTRIBUTE
from domain.formats.fdx.xml.tree import MAX_DEPTH, MAX_FILE_BYTES
from domain.script.line import Line
from domain.script.validation import MAX_TEXT_BYTES, check_lines
from tests.domain.formats.final_draft import contents, lines_of, paragraph, script
from tests.domain.formats.screenwriting import numbered

BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><FinalDraft><Content>&b;</Content></FinalDraft>'
LEAK = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><FinalDraft><Content>&f;</Content></FinalDraft>'
REMOTE = b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://localhost/x.dtd"> %p;]><FinalDraft/>'
GOOD = script(paragraph("Action", "Hay."))


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (BOMB, "entity_in_xml", "The file declares the XML entity 'a'"),
        (LEAK, "external_entity_in_xml", "The file includes another file, 'file:///etc/passwd'"),
        (REMOTE, "external_entity_in_xml", "The file includes another file, 'http://localhost/x.dtd'"),
        (b'<!DOCTYPE FinalDraft SYSTEM "fd.dtd"><FinalDraft/>', "doctype_in_xml", "The file has a document type"),
        (GOOD[:-20], "not_xml", "Line 2 of the file is not well-formed XML"),
        (b"INT. BARN - DAY\n\nHay.\n", "not_xml", "Line 1 of the file is not well-formed XML (syntax error)"),
        (b"", "not_xml", "Line 1 of the file is not well-formed XML (no element found)"),
        (b"%PDF-1.7\n\xff\xfe\x00", "not_xml", "Line 1 of the file is not well-formed XML"),
        (b'<?xml version="1.0" encoding="klingon"?><FinalDraft/>', "not_xml", "Line 1 of the file is not well-formed"),
        (script(paragraph("Action", "Hay.")).replace(b"Hay", b"H&#7;y"), "not_xml", "Line 2 of the file is not"),
        (b"<html><body/></html>", "not_final_draft", "The file is XML, but not a Final Draft script: it begins with"),
        (b"<FinalDraft/>", "not_final_draft", "The file is XML, but not a Final Draft script: it has no <Content>"),
        (b"<a>" * (MAX_DEPTH + 1), "xml_too_deep", "The file nests more than 64 elements"),
        (b" " * (MAX_FILE_BYTES + 1), "file_too_large", "The file has 16777217 bytes"),
        (script(paragraph("Action", "a"), paragraph("Action", "b\x85")), "control_character_in_xml", "Line 2 of"),
        (script(paragraph("Action", "é" * (MAX_TEXT_BYTES // 2 + 1))), "paragraph_line_too_long", "Line 1 of the"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_final_draft_is_refused(data: bytes, code: str, sentence: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(data, numbered())

    assert refused.value.code == code
    assert refused.value.message.startswith(sentence)


def test_an_xml_bomb_is_cheap() -> None:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (level + 1, b"&e%d;" % level * 10) for level in range(40))
    began = time.process_time()
    with pytest.raises(Rejected):
        read(b'<!DOCTYPE x [<!ENTITY e0 "ha">' + entities + b"]><FinalDraft>&e40;</FinalDraft>", numbered())

    assert time.process_time() - began < 1


@pytest.mark.parametrize("depth", range(54, 66))
def test_preserved_parts_never_make_a_file_too_deep_to_read(depth: int) -> None:
    stored = {"fdx_other": "<a>" * depth + "</a>" * depth, "dual": True}
    lines = [Line("1", "character", "A"), Line("2", "character", "B", "\n", stored)]

    assert contents(lines_of(write(lines))) == contents(lines)


@given(st.one_of(st.binary(max_size=200), st.integers(0, len(GOOD)).map(lambda end: GOOD[:end])))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        lines = read(data, numbered()).lines
    except Rejected:
        return
    check_lines("lines", lines)


@pytest.mark.parametrize(
    "stored",
    [
        "nonsense",
        '{"sep":"x"}',
        '{"text":"Hay.","format":"no format"}',
        '{"attrs":{"No":1}}',
        '{"text":"another text"}',
        '{"text":"Hay.\\u0007"}',
        "[" * 5_000,
    ],
)
def test_invalid_values_in_our_attribute_are_ignored(stored: str) -> None:
    [line] = lines_of(script(paragraph("Action", "Hay.", **{ATTRIBUTE: stored})))

    assert (line.format, line.text, line.sep, line.attrs) == ("action", "Hay.", "\n", {})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_other_encodings_are_read(encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    data = script(paragraph("Action", "Zoë")).decode().replace("UTF-8", name).encode(encoding)

    assert [line.text for line in lines_of(data)] == ["Zoë"]


@pytest.mark.parametrize("count", [3_000])
def test_many_small_parts_are_read_in_linear_time(count: int) -> None:
    began = time.process_time()
    many_runs = lines_of(script(f'<Paragraph Type="Action">{"<Text>a</Text>" * count}</Paragraph>'))
    many_lines = lines_of(script(paragraph("Action", "a\n" * count)))
    gaps = lines_of(script(title_page="<Paragraph/>" * count))
    for lines in (many_runs, many_lines, gaps):
        check_lines("lines", lines)
        write(lines)

    assert time.process_time() - began < 5
