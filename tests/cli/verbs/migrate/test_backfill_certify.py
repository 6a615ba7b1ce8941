"""`backfill certify`: a proved run has a certificate; whatever moved or differs afterwards makes it void."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import CommandLine

SECRET = "compass"  # a word of a line of the sample


URL = "sqlite:///legacy.db"
CERTIFY = ("backfill", "certify", URL)


@pytest.fixture
def moved(home: Path, tmp_path: Path) -> CommandLine:
    """A command line after a backfill of the sample of generation 5, with a view."""
    command_line = CommandLine(home, warm=True)
    assert command_line("legacy", "sample", "-g", "5", "-o", "legacy.db").status == 0
    write(tmp_path / "legacy.db", "CREATE VIEW recent AS SELECT id, title FROM scripts")
    for argv in (
        ("legacy", "map", URL, "-o", "legacy.toml"),
        ("backfill", "run", URL, "--mapping", "legacy.toml", "--in-process"),
    ):
        ran = command_line(*argv)
        assert ran.status == 0, ran.err
    return command_line


def write(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_run_is_certified_in_two_files_without_a_value(moved: CommandLine, tmp_path: Path):
    ran = moved(*CERTIFY, "-o", "certificate", "--json")

    assert (ran.status, ran.json["certified"], ran.json["problem_count"]) == (0, True, 0)
    page = (tmp_path / "certificate" / "certificate.html").read_text()
    assert "Run 1 is certified" in page
    stored = json.loads((tmp_path / "certificate" / "certificate.json").read_text())
    assert stored == ran.json
    assert SECRET not in page + json.dumps(stored)


def test_a_view_is_named_apart_and_counts_no_rows(moved: CommandLine, tmp_path: Path):
    ran = moved(*CERTIFY, "-o", "certificate", "--json")

    assert [view["name"] for view in ran.json["views"]] == ["recent"]
    assert "recent" not in {table["name"] for table in ran.json["tables"]}
    assert sum(table["dropped"] for table in ran.json["tables"]) == 0
    page = (tmp_path / "certificate" / "certificate.html").read_text()
    assert "<h2>Views</h2>" in page
    assert 'class="count dropped"' not in page


def test_a_moved_source_makes_the_certificate_void(moved: CommandLine, tmp_path: Path):
    assert moved(*CERTIFY).status == 0
    write(tmp_path / "legacy.db", "UPDATE scripts SET title = 'Moved' WHERE id = 1")

    ran = moved(*CERTIFY, "--json")

    assert (ran.status, ran.json["certified"]) == (1, False)
    write(tmp_path / "legacy.db", "UPDATE scripts SET title = 'The Noon Ferry' WHERE id = 1")
    assert moved(*CERTIFY).status == 0


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE users SET email = 'eve@example.com' WHERE id = 1", "proof"),
        ("DELETE FROM legacy_versions WHERE id = 1", "proof"),
        ("UPDATE script_commands SET occurred_at = occurred_at + 1 WHERE version_number = 2", "ledger"),
        ("UPDATE backfill_items SET counts = '{}' WHERE domain = 'users'", "rows"),
    ],
)
def test_a_ledger_that_was_changed_is_not_certified(moved: CommandLine, home: Path, statement: str, named: str):
    write(home / "ledger.db", statement)

    ran = moved(*CERTIFY, "--json")

    assert ran.status == 1
    assert named in {check["name"] for check in ran.json["checks"] if check["problems"]}


def test_without_a_run_there_is_nothing_to_certify(home: Path):
    command_line = CommandLine(home, warm=True)
    assert command_line("legacy", "sample", "-o", "legacy.db").status == 0
    assert command_line("db", "upgrade").status == 0

    ran = command_line(*CERTIFY)

    assert (ran.status, ran.out) == (1, "")
    assert "There is no backfill to certify" in ran.err
