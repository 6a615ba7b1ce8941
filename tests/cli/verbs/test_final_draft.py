"""Final Draft files on the command line: import, export, and import onto a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import SAMPLE, CommandLine
from tests.domain.formats.final_draft import paragraph, script

pytestmark = pytest.mark.slow

PARAGRAPHS = (
    paragraph("Scene Heading", "INT. BARN - DAY", Number="7"),
    paragraph("Action", "Anna waits by the door, out of the rain."),
    paragraph("New Act", "ACT TWO"),
)


def draft_in(folder: Path, *paragraphs: str, more: str = "") -> Path:
    file = folder / "draft.fdx"
    file.write_bytes(script(*paragraphs, title_page="<Paragraph><Text>The Barn</Text></Paragraph>", more=more))
    return file


def lines_of(scriptledger: CommandLine, number: int) -> list[tuple[str, str, str]]:
    shown = scriptledger("show", number, "--json").json["lines"]
    return [(line["id"], line["format"], line["text"]) for line in shown]


def test_a_final_draft_file_becomes_a_script_and_a_file_again(scriptledger: CommandLine, tmp_path: Path):
    file = draft_in(tmp_path, *PARAGRAPHS, more="<PageLayout/><Alts><Text>or maybe not</Text></Alts>")
    ran = scriptledger("import", file)
    back = tmp_path / "back.fdx"

    assert ran.status == 0
    assert ran.out.startswith("“The Barn” is script ")
    assert ran.err == "Left out of the file: Alts (3 words), 1 part without text.\n"
    number = int(ran.out.split()[4].rstrip(":"))
    assert scriptledger("export", number, "-o", back).status == 0
    again = scriptledger("import", back, "--json").json["script_id"]
    assert [line[1:] for line in lines_of(scriptledger, again)] == [line[1:] for line in lines_of(scriptledger, number)]
    assert [line[1:] for line in lines_of(scriptledger, again)] == [
        ("title_entry", "The Barn"),
        ("scene_heading", "INT. BARN - DAY"),
        ("action", "Anna waits by the door, out of the rain."),
        ("general", "ACT TWO"),
    ]


def test_an_edited_file_keeps_the_ids_of_unchanged_lines(scriptledger: CommandLine, tmp_path: Path):
    number = scriptledger("import", draft_in(tmp_path, *PARAGRAPHS), "--json").json["script_id"]
    before = lines_of(scriptledger, number)
    edited = draft_in(tmp_path, PARAGRAPHS[0], paragraph("Action", "A dog barks."), *PARAGRAPHS[1:])

    ran = scriptledger("import", edited, "--script", number)

    assert ran.status == 0, ran
    after = lines_of(scriptledger, number)
    assert [line for line in after if line[2] != "A dog barks."] == before
    assert scriptledger("import", edited, "--script", number, "--json").json["outcome"] == "no_op"


def test_the_sample_survives_final_draft_byte_for_byte(scriptledger: CommandLine, tmp_path: Path):
    file = tmp_path / "sample.fdx"
    number = scriptledger("import", SAMPLE, "--json").json["script_id"]
    assert scriptledger("export", number, "-o", file).status == 0

    assert scriptledger("import", file, "--script", number, "--json").json["outcome"] == "no_op"
    again = scriptledger("import", file, "--json").json["script_id"]
    assert scriptledger("export", again).out.encode() == SAMPLE.read_bytes()


def test_a_format_may_be_named(scriptledger: CommandLine, tmp_path: Path):
    number = scriptledger("import", draft_in(tmp_path, *PARAGRAPHS), "--json").json["script_id"]

    assert scriptledger("export", number, "--format", "fdx").out.startswith("<?xml ")
    assert scriptledger("export", number, "--format", "fdx", "--json").json["text"].startswith("<?xml ")
    assert "INT. BARN - DAY #7#\n" in scriptledger("export", number).out
    odd = draft_in(tmp_path, *PARAGRAPHS).rename(tmp_path / "draft.xml")
    assert scriptledger("import", odd, "--format", "fdx").status == 0
    assert scriptledger("roundtrip", odd, "--format", "fdx").out == f"{odd}: survives\n"


def test_bad_files_are_refused_in_one_sentence(scriptledger: CommandLine, tmp_path: Path):
    file = draft_in(tmp_path, *PARAGRAPHS)
    file.write_bytes(file.read_bytes()[:-30])
    strange = file.with_suffix(".pdf")
    strange.write_bytes(b"%PDF")

    cut, unknown = scriptledger("import", file), scriptledger("import", strange)

    assert (cut.status, unknown.status) == (1, 1)
    assert "Line 2 of the file is not well-formed XML" in cut.err
    assert "There is no file format '.pdf'; the formats are fdx (.fdx), fountain" in unknown.err
    checked = scriptledger("roundtrip", SAMPLE, file, strange, "--json").json["files"]
    assert [row["survives"] for row in checked] == [True, False, False]
