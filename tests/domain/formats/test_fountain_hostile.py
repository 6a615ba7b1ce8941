"""Bad Fountain files are refused with a message that names the line, and every file is read in linear time."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.formats.format import MAX_FILE_BYTES
from domain.formats.fountain import ControlCharacterInFile, FileTooLarge, LineTooLong, NotUtf8, read, write
from domain.formats.fountain.source import MAX_LINE_BYTES
from domain.formats.text_file import decode
from domain.script.line import LINE_FORMATS, Line
from tests.domain.formats.screenwriting import numbered

# Seconds. Linear work takes a second or two at the larger size, quadratic work takes minutes.
SECONDS = 20.0

SIZES = [5_000, pytest.param(200_000, marks=pytest.mark.slow)]

PIECES = (
    *("[[", "/*", "[", "/", "]]", "*/", "[[a]]", "/*/", "[[a", "#a", "#", "(", "^", "(a)", "A ", "A:", "=", "<", ">"),
    *(" ", "\t", "\\", "@", ".", "~", "!", "INT. ", "\u3000", "_*", "JOHN (", "\ufeff", "é"),
)


@pytest.mark.parametrize(
    ("data", "refusal", "sentence"),
    [
        (b"a\r\nb\r\n\xff", NotUtf8, "The file is not UTF-8 text in line 3;"),
        (b"\xed\xa0\x80", NotUtf8, "The file is not UTF-8 text in line 1;"),
        (b"a\n\n\nb\0", ControlCharacterInFile, "The file has control characters (U+0000) in line 4;"),
        (b"a\rb\x1b[2J", ControlCharacterInFile, "The file has control characters (U+001B) in line 2;"),
        ("\x81".encode(), ControlCharacterInFile, "The file has control characters (U+0081) in line 1;"),
        (b"a\n" + b"x" * (MAX_LINE_BYTES + 1), LineTooLong, "Line 2 of the file has 1048577 bytes"),
        ("\n" + "é" * (MAX_LINE_BYTES // 2 + 1), LineTooLong, "Line 2 of the file has 1048578 bytes"),
        (b"\n" * (MAX_FILE_BYTES + 1), FileTooLarge, "The file has 16777217 bytes"),
    ],
)
def test_a_file_that_is_not_text_is_refused(data: bytes | str, refusal: type[Rejected], sentence: str) -> None:
    with pytest.raises(refusal) as refused:
        read(data if isinstance(data, bytes) else data.encode(), numbered())

    assert refused.value.message.startswith(sentence)


def test_a_line_of_exactly_the_limit_is_accepted() -> None:
    assert len(read(b"x" * MAX_LINE_BYTES, numbered()).lines) == 1


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        lines = read(data, numbered()).lines
    except Rejected:
        return
    assert write(lines) == decode(data).text.encode()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "piece",
    [
        *(
            b"\xff",
            b"\xe9 ",
            b"a\xe9",
            b"\x92\n",
            b"caf\xe9\n",
            b"\x8e\xe9",
            b"\xd2a\xd3 ",
            b"\x81",
            b"\xff\xfe",
            b"a\0",
            b"\0",
        ),
        *(
            b"\x0c",
            b"a\x0c",
            b"\n\x0c",
            b"\x0b",
            b"\x1a",
            b"\xc2\x92",
            b"\xc2\x81\n",
            b"\x1b\n",
            b"\r\xff",
            b"\xe3\x81\x82\xff",
        ),
    ],
)
def test_many_odd_bytes_take_linear_time(piece: bytes, size: int) -> None:
    data = (piece * size)[: 8 * size]
    start = time.process_time()

    for remove_controls in (False, True):
        with suppress(Rejected):
            decode(data, remove_controls=remove_controls)
        with suppress(Rejected):
            decode(data, "windows-1252", remove_controls=remove_controls)

    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", PIECES)
def test_a_long_line_of_marks_takes_linear_time(piece: str, size: int) -> None:
    text = (piece * size)[:size]
    start = time.process_time()

    assert write(read(text.encode(), numbered()).lines) == text.encode()
    for line_format in LINE_FORMATS:
        write([Line("1", "character", "JOHN"), Line("2", line_format, text), Line("3", "note", "x")])  # type: ignore[arg-type]

    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "piece", ["[[\n", "/*\n", "JOHN\n", "[[\n  \n", "Title: x\n", "\r", "(\n", "~\n\n", "a\n/*\n\n"]
)
def test_many_lines_of_marks_take_linear_time(piece: str, size: int) -> None:
    text = piece * (size // 10)
    start = time.process_time()

    lines = read(text.encode(), numbered()).lines
    assert write(lines) == text.encode()
    write([Line(line.id, "dialogue", line.text, line.sep) for line in lines])

    assert time.process_time() - start < SECONDS
