"""Fountain round trip: an imported file is exported byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.formats.fountain import Roundtrip, read, roundtrip, write
from domain.formats.fountain.roundtrip import compare
from domain.script.validation import check_lines
from tests.domain.formats.screenwriting import THOROUGH, numbered, sources

SAMPLES = (
    "",
    "\n",
    "\ufeff",
    "\r\n\r\nINT. BARN - DAY\r\n\r\nHay.",
    "\ufeffTitle: The Barn\r\nAuthor:\r\n\tA. Writer\r\n\r\nEXT. FIELD\n\n\n\nMixed line ends.\r\rOld ones too.",
    "   \t \n\u3000\nJOHN\n(to himself)  \n  \nStill me.\n \nNot me.",
    "A /* cut\n\n  that\n*/ B [[open\n  \nnote]] C [[never closed\n\n]] /* nor this",
    "no-break\u00a0space, line\u2028separator, 😀, e\u0301",
    "[[n]]Title: X\nAuthor: Y\n\nAction\n",
    "/* old\n*/Title: X\nAuthor: Y\n\nAction\n",
    "[[a]]\n[[b]] Title: X",
    "\ufeff/* old */ Title: X\n\t[[n]]",
    " [[n]]  Series: X\nTitle: Y\n",
    "\n" * 2_000 + "After a long gap." + "\r\n" * 2_000,
)


def test_real_screenplays_survive(screenplays: Path) -> None:
    files = sorted(screenplays.rglob("*.fountain"))
    assert len(files) >= 80
    for file in files:
        assert roundtrip(file.read_bytes()) == Roundtrip(survives=True), file


@pytest.mark.parametrize("sample", SAMPLES)
def test_odd_files_survive(sample: str) -> None:
    assert roundtrip(sample.encode()) == Roundtrip(survives=True)


@THOROUGH
@given(sources)
def test_any_file_survives_and_its_lines_are_its_text(source: str) -> None:
    lines = read(source.encode(), numbered()).lines

    assert "".join(line.text + line.sep for line in lines) == source
    assert write(lines) == source.encode()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\n\r")))
def test_any_text_survives(text: str) -> None:
    assert roundtrip(text.encode()).survives


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_imported_line_is_valid(sample: str) -> None:
    check_lines("lines", read(sample.encode(), numbered()).lines)


def test_an_empty_file_has_no_lines_and_no_title() -> None:
    assert read(b"", numbered()).lines == ()
    assert read(b"", numbered()).title is None


def test_every_line_gets_an_id_of_its_own() -> None:
    assert [line.id for line in read(b"a\nb\n\nc", numbered()).lines] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("written", "offset", "line"),
    [(b"a\r\nb\r\nX", 6, 3), (b"a\r\n", 3, 2), (b"a\r\nb\r\ncd", 7, 3), (b"", 0, 1)],
)
def test_a_difference_is_named_by_byte_and_line(written: bytes, offset: int, line: int) -> None:
    assert compare(b"a\r\nb\r\nc", written) == Roundtrip(survives=False, offset=offset, line=line)
