"""A script is exported as a history file and imported unchanged into an empty ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.edits import edit
from tests.cli.running import CommandLine

pytestmark = pytest.mark.slow


@pytest.fixture
def file(scriptledger: CommandLine, ferry: int, tmp_path: Path) -> Path:
    """The history of a script of two versions and two answers."""
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))
    file = tmp_path / "ferry.jsonl"
    ran = scriptledger("history", "export", ferry, file)
    assert ran.out == f"Wrote script {ferry} with 2 versions to {file}: {file.stat().st_size} bytes.\n"
    return file


@pytest.fixture
def elsewhere(tmp_path: Path) -> CommandLine:
    """An empty home."""
    return CommandLine(tmp_path / "elsewhere", warm=True)


def test_a_history_is_imported_into_an_empty_ledger(
    scriptledger: CommandLine, ferry: int, file: Path, elsewhere: CommandLine
):
    ran = elsewhere("history", "import", file)

    assert (ran.status, ran.out, ran.err) == (0, f"Imported script {ferry}: 2 versions added, 2 answers.\n", "")
    for args in (("show", ferry, "--json"), ("log", ferry, "--json", "--payload"), ("outcome", ferry, "e1", "--json")):
        assert elsewhere(*args).json == scriptledger(*args).json
    assert elsewhere("verify", ferry).out == scriptledger("verify", ferry).out
    back = file.with_name("back.jsonl")
    assert elsewhere("history", "export", ferry, back, "--json").json["versions"] == 2
    assert back.read_bytes() == file.read_bytes()
    assert elsewhere("history", "import", file).out == f"Script {ferry} already has all 2 versions.\n"


def test_a_damaged_file_is_refused_and_nothing_is_written(file: Path, elsewhere: CommandLine):
    damaged = file.with_name("damaged.jsonl")
    damaged.write_bytes(file.read_bytes().replace(b"Call me.", b"Call us."))

    ran = elsewhere("history", "import", damaged, "--json")

    assert (ran.status, ran.json["error"]["code"]) == (1, "bad_history_file")
    assert ran.err.startswith("scriptledger: Line 3 of the history file: ")
    assert elsewhere("scripts", "--json").json["scripts"] == []


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 1, "Line 1 of the history file: this is not a history file"),
        (b"Title: Tare Weight\n", 1, "Line 1 of the history file: this is not a history file"),
        (b'{"format":"scriptledger-history","format_version":2,"script_id":1,"versions":1,"chain_hash":"","state_hash":""}',
         1, "format version 2 is not 1"),
        (None, 2, "No such file or directory"),
    ],
)  # fmt: skip
def test_an_invalid_history_file_is_refused(
    elsewhere: CommandLine, tmp_path: Path, content: bytes | None, status: int, reason: str
):
    file = tmp_path / "no.jsonl"
    if content is not None:
        file.write_bytes(content)

    ran = elsewhere("history", "import", file)

    assert ran.status == status
    assert reason in ran.err
    assert not elsewhere.home.exists()


def test_another_script_with_that_id_is_not_changed(
    scriptledger: CommandLine, ferry: int, file: Path, elsewhere: CommandLine
):
    scriptledger.submit(edit(ferry, "e9", "d2", "Never."))
    longer = file.with_name("longer.jsonl")
    scriptledger("history", "export", ferry, longer)
    elsewhere("history", "import", longer)

    ran = elsewhere("history", "import", file, "--json")

    assert (ran.status, ran.json["error"]["code"]) == (1, "another_script")
    assert elsewhere("log", ferry, "--json").json["head"] == 3


def test_a_failed_export_leaves_nothing(scriptledger: CommandLine, ferry: int, tmp_path: Path):
    assert scriptledger("history", "export", ferry, tmp_path / "no" / "x.jsonl").status == 2
    assert scriptledger("history", "export", 987_654, tmp_path / "x.jsonl").status == 1
    assert list(tmp_path.iterdir()) == []
