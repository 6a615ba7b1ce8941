"""Final Draft round trip: written lines are read back the same, and no word of a file is lost."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from domain.formats.fdx import problem, read, write
from domain.formats.fountain import read as read_fountain
from domain.script.line import Line
from domain.script.validation import check_lines
from tests.domain.formats.final_draft import any_lines, contents, documents, lines_of, paragraph, script, words_in
from tests.domain.formats.screenwriting import THOROUGH, edited, numbered
from tests.slowness import adjusted_for_load

# Seconds to read a feature film, and to write one.
SECONDS = 0.5
TRIES = 3


@THOROUGH
@given(any_lines())
def test_any_lines_are_read_again_as_they_were(lines: list[Line]) -> None:
    assert contents(lines_of(write(lines))) == contents(lines)


@THOROUGH
@given(edited())
def test_an_edited_fountain_script_is_read_again_as_it_was(lines: list[Line]) -> None:
    assert contents(lines_of(write(lines))) == contents(lines)


@settings(max_examples=2 * settings().max_examples)
@given(documents())
def test_any_file_survives_with_every_word(data: bytes) -> None:
    lines = lines_of(data)

    check_lines("lines", lines)
    assert problem(data) is None
    assert words_of(lines) == words_in(data)
    assert write(lines_of(write(lines))) == write(lines)


def test_real_files_survive_with_every_word_and_scene_number(screenplays: Path) -> None:
    files = sorted(screenplays.rglob("*.fdx"))
    assert len(files) >= 20
    for file in files:
        data = file.read_bytes()
        lines = lines_of(data)
        written = write(lines)
        assert problem(data) is None, file
        assert words_of(lines) == words_in(data) == words_in(written), file
        assert scene_numbers(data) == scene_numbers(written) == scene_numbers_of(lines), file


def test_real_fountain_scripts_survive_as_final_draft(screenplays: Path) -> None:
    files = sorted((screenplays / "suites").rglob("*.fountain"))
    assert len(files) >= 60
    for file in files:
        lines = list(read_fountain(file.read_bytes(), numbered()).lines)
        assert contents(lines_of(write(lines))) == contents(lines), file


def test_a_feature_film_takes_less_than_half_a_second_each_way() -> None:
    scene = [
        paragraph("Scene Heading", "INT. HOUSE - DAY", '<SceneProperties Length="1/8" Page="1" Title=""/>', Number="1"),
        *[paragraph("Action", "Somebody comes in, looks around and leaves again.")] * 3,
        *[paragraph("Character", "ANNA"), paragraph("Dialogue", "Who was that, and what did he want here?")] * 3,
    ]
    data = script(*scene * 300)
    reading, writing = [], []
    for _ in range(TRIES):
        began = time.process_time()
        lines = read(data, numbered()).lines
        middle = time.process_time()
        write(lines)
        ended = time.process_time()
        assert len(lines) == 3_000
        reading.append(middle - began)
        writing.append(ended - middle)

    print(f"3,000 lines: read in {min(reading):.2f} s, written in {min(writing):.2f} s")
    assert min(reading) < adjusted_for_load(SECONDS)
    assert min(writing) < adjusted_for_load(SECONDS)


def words_of(lines: list[Line]) -> Counter[str]:
    """Every word of some lines; the mark of a page break is none."""
    return Counter(word for line in lines if line.format != "page_break" for word in line.text.split())


def scene_numbers(data: bytes) -> list[str]:
    paragraphs = ElementTree.fromstring(data).iterfind("Content//Paragraph")
    return [number for each in paragraphs if (number := each.get("Number"))]


def scene_numbers_of(lines: list[Line]) -> list[str]:
    return [str(line.attrs["scene_number"]) for line in lines if "scene_number" in line.attrs]


@pytest.mark.parametrize("lines", [[], [Line("1", "note", "first of all")], [Line("1", "title_entry", "", "\n\n\n")]])
def test_odd_scripts_survive(lines: list[Line]) -> None:
    assert contents(lines_of(write(lines))) == contents(lines)
