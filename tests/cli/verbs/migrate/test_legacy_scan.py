"""`legacy scan`: its report on a terminal, as JSON and as a page, without a value of a row, and its exit status."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.running import CommandLine, press_ctrl_c, sentence, wait_until
from tests.legacy.clean_rows import Size
from tests.legacy.database import in_file
from tests.legacy.defects.draft import Expected
from tests.legacy.schemas import SCHEMAS

MARKER = "Xq7ZpMarker"


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_no_value_of_a_row_is_in_any_output(schema: str, warm: CommandLine, tmp_path: Path):
    legacy = in_file(tmp_path / "legacy.db", schema, Size(6), marker=MARKER)
    before = sha256((tmp_path / "legacy.db").read_bytes()).digest()

    listed = warm("legacy", "scan", legacy.url, "--findings", "--html", "scan.html")
    document = warm("legacy", "scan", legacy.url, "--json")

    page = (tmp_path / "scan.html").read_text()
    assert [text for text in (listed.out, listed.err, document.out, document.err, page) if MARKER in text] == []
    found = {Expected(each["code"], each["table"], each["key"]) for each in document.json["findings"]}
    assert found == legacy.expected
    assert (listed.status, document.status) == (1, 1), "something blocks"
    assert sha256((tmp_path / "legacy.db").read_bytes()).digest() == before
    assert {file.name for file in tmp_path.iterdir()} - {"home"} == {"legacy.db", "scan.html"}


def test_a_clean_database_blocks_nothing(warm: CommandLine, tmp_path: Path):
    legacy = in_file(tmp_path / "legacy.db", "fifth", Size(6), defects=False)

    ran = warm("legacy", "scan", legacy.url)

    assert ran.status == 0
    assert ran.out.startswith("Nothing is wrong, and nothing blocks the move.\n")


def test_a_mapping_decides(warm: CommandLine, tmp_path: Path):
    legacy = in_file(tmp_path / "legacy.db", "fifth", Size(6))
    warm("legacy", "map", legacy.url, "-o", "legacy.toml")
    file = tmp_path / "legacy.toml"
    decisions = '[decisions]\nL02 = "repair"\nL10 = "repair"\nL14 = "quarantine"\nL30 = "quarantine"\n'
    file.write_text(file.read_text().replace("[decisions]\n", decisions))

    ran = warm("legacy", "scan", legacy.url, "--mapping", "legacy.toml", "--json", "--limit", "1")

    assert (ran.status, ran.json["blocking"], ran.json["mapping"]) == (0, [], "legacy.toml")
    assert {each["code"]: each["decisions"] for each in ran.json["codes"]}["L14"] == {"quarantine": 5}
    assert len(ran.json["findings"]) == len(ran.json["codes"])
    assert ran.json["omitted"] == sum(each["findings"] for each in ran.json["codes"]) - len(ran.json["codes"])


def test_a_mapping_of_another_source_is_refused(warm: CommandLine, tmp_path: Path):
    first, second = (in_file(tmp_path / name, name, Size(2), defects=False) for name in ("first", "second"))
    warm("legacy", "map", first.url, "-o", "legacy.toml")

    ran = warm("legacy", "scan", second.url, "--mapping", "legacy.toml", "--html", "scan.html")

    assert ran.status == 1
    assert "does not fit" in sentence(ran)
    assert not (tmp_path / "scan.html").exists()


@pytest.mark.parametrize(("content", "status"), [(b"", 0), (b"nonsense", 1)])
def test_an_empty_state_is_a_start_and_any_other_file_is_left_alone(
    content: bytes, status: int, warm: CommandLine, tmp_path: Path
):
    legacy = in_file(tmp_path / "legacy.db", "fifth", Size(4), defects=False)
    state = tmp_path / "scan.state"
    state.write_bytes(content)

    assert warm("legacy", "scan", legacy.url, "--state", "scan.state").status == status
    assert state.exists() == bool(content)


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_but_the_state_and_the_same_command_continues(alone: CommandLine, tmp_path: Path):
    legacy = in_file(tmp_path / "legacy.db", "fifth", Size(400, versions=40))
    whole = alone("legacy", "scan", legacy.url, "--json").json
    seen = tmp_path / "scan.state"
    code = (
        "import backfill.runs.scan.scan as scan, sys; scan.KEEP_SECONDS = 0.2\n"
        "from cli.main import main; sys.argv[0] = 'scriptledger'; main()"
    )
    slow = CommandLine(alone.home, program=[sys.executable, "-c", code])
    with slow.start("legacy", "scan", legacy.url, "--html", "scan.html", "--state", "scan.state") as process:
        wait_until(lambda: seen.exists() and seen.stat().st_size > 0)
        press_ctrl_c(process)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert {file.name for file in tmp_path.iterdir()} - {"home"} == {"legacy.db", "scan.state"}

    resumed = alone("legacy", "scan", legacy.url, "--state", "scan.state", "--json")

    assert "Continuing" in resumed.err
    assert resumed.json["codes"] == whole["codes"]
    assert not seen.exists()


def test_a_table_that_cannot_be_read_is_named_and_is_no_success(warm: CommandLine, tmp_path: Path):
    legacy = in_file(tmp_path / "legacy.db", "fifth", Size(2), defects=False)
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as file:
        file.execute("CREATE TABLE lost (id INTEGER PRIMARY KEY, script INTEGER REFERENCES not_there (id))")
        file.commit()

    ran = warm("legacy", "scan", legacy.url)

    assert ran.status == 4
    assert "lost refers to a table not_there that is not there" in ran.err


def test_table_and_column_names_are_foreign_text(warm: CommandLine, tmp_path: Path):
    in_file(tmp_path / "legacy.db", "first", Size(2), defects=False)
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as file:
        file.execute('CREATE TABLE "\x1b[2J<b>x" (id INTEGER PRIMARY KEY, a TEXT)')
        file.commit()

    ran = warm("legacy", "scan", f"sqlite:///{tmp_path}/legacy.db", "--findings", "--html", "scan.html")

    page = (tmp_path / "scan.html").read_text()
    assert "\x1b" not in ran.out + ran.err + page
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page
