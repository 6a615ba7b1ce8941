"""Bad Fountain files are refused with a message that names the line, and every file is read in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.formats.fountain import ControlCharacterInFile, FileTooLarge, LineTooLong, NotUtf8, read, write
from domain.formats.fountain.source import MAX_FILE_BYTES, MAX_LINE_BYTES
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
        (b"a\r\nb\r\n\xff", NotUtf8, "Line 3 of the file is not UTF-8 text"),
        ("Ünïcode".encode("utf-16"), NotUtf8, "Line 1 of the file is not UTF-8 text"),
        (b"\xed\xa0\x80", NotUtf8, "Line 1 of the file is not UTF-8 text"),
        (b"a\n\n\nb\0", ControlCharacterInFile, "Line 4 of the file holds the control character U+0000"),
        (b"a\rb\x1b[2J", ControlCharacterInFile, "Line 2 of the file holds the control character U+001B"),
        ("\x9b".encode(), ControlCharacterInFile, "Line 1 of the file holds the control character U+009B"),
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
    assert write(lines) == data


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
