"""A scan rebuilds the texts of many scripts together: it finds what it finds script by script, in few statements."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from backfill.mapping.draft import draft
from backfill.runs.scan.scan import Scan
from backfill.scripts import refused_rebuilds
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import Source, open_source
from tests.legacy.patch_maker import make_patches

SCRIPTS = 60
# Some chains are broken, some texts are not there, and one script is named twice.
BROKEN = (3, 17, 18, 59)
PATCHES = """
CREATE TABLE notes (id INTEGER, ownerId INTEGER, title TEXT, content TEXT, createdAt TEXT, updatedAt TEXT);
INSERT INTO notes VALUES (5, 1, 'Again', NULL, '2021-01-01', '2021-01-02');
CREATE TABLE revisions (id INTEGER PRIMARY KEY, noteId INTEGER, patch TEXT, lastContent TEXT, content TEXT,
  length INTEGER, createdAt TEXT);
"""
HASHES = """
CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, content TEXT, createdAt TEXT, updatedAt TEXT);
CREATE TABLE script_versions (id INTEGER PRIMARY KEY, scriptId INTEGER, versionNumber INTEGER, contentHash TEXT,
  createdAt TEXT);
CREATE TABLE contents (hash TEXT PRIMARY KEY, content TEXT);
"""


def texts_of(script: int) -> list[str]:
    return [f"Script {script}.\n" + "Rain.\n" * (1 + save) + f"Save {save}.\n" for save in range(4)]


def chains(connection: sqlite3.Connection) -> None:
    connection.executescript(PATCHES)
    for script in range(1, SCRIPTS + 1):
        texts = texts_of(script)
        note = (script, 1, "One", None, "2021-01-01", "2021-01-02")
        connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?)", note)
        for save, (text, patch) in enumerate(zip(texts, [None, *make_patches(texts)], strict=True)):
            stored = "@@ -900,4 +900,4 @@\n nono\n" if script in BROKEN and save == 2 else patch
            last, whole = text if save == 3 else None, text if save == 0 and script not in BROKEN else None
            row = (script * 10 + save, script, stored, last, whole, len(text), f"2021-01-01 10:0{save}:00")
            connection.execute("INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def hashes(connection: sqlite3.Connection) -> None:
    connection.executescript(HASHES)
    for script in range(1, SCRIPTS + 1):
        texts = texts_of(script)
        # The last text is in the row of the script alone; of some not even there.
        own = texts[-1] if script not in BROKEN else "Another text."
        connection.execute("INSERT INTO scripts VALUES (?, 'One', ?, '2021-01-01', '2021-01-02')", (script, own))
        for save, text in enumerate(texts):
            name = sha256(text.encode()).hexdigest()
            at = f"2021-01-01 10:0{save}:00"
            row = (script * 10 + save, script, save + 1, name, at)
            connection.execute("INSERT INTO script_versions VALUES (?, ?, ?, ?, ?)", row)
            if save < 3:
                connection.execute("INSERT INTO contents VALUES (?, ?)", (name, text))


@pytest.mark.parametrize(("fill", "limit"), [(chains, 60), (hashes, 120)])
def test_scripts_are_read_together_and_the_findings_are_those_of_each_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fill: Any, limit: int
) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        fill(connection)
        connection.commit()
    statements = 0
    stream = Source.stream

    def counted(source: Source, *args: Any, **options: Any) -> Any:
        nonlocal statements
        statements += 1
        return stream(source, *args, **options)

    monkeypatch.setattr(Source, "stream", counted)

    def found() -> tuple[list[str | None], int]:
        nonlocal statements
        statements = 0
        with open_source(f"sqlite:///{tmp_path / 'legacy.db'}") as source:
            catalog = read_catalog(source)
            findings = Scan(source, catalog, draft(catalog).mapping).run().findings.kept()
        return sorted(str(each.key) for each in findings if each.code == "L44"), statements

    together, few = found()
    monkeypatch.setattr(refused_rebuilds, "MAX_SCRIPTS", 1)
    alone, many = found()

    assert together == alone
    assert {int(str(key)) // 10 for key in together} == set(BROKEN)
    assert few < limit
    assert many > 3 * SCRIPTS


@pytest.mark.parametrize("odd", ["--5", "²", "9" * 5_000, "9" * 30, "-", "\udcff", None])
def test_an_id_that_is_no_number_has_no_rows_in_a_table_with_numbers(tmp_path: Path, odd: str | None) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.executescript(HASHES.replace("scripts (id INTEGER PRIMARY KEY", "scripts (id TEXT"))
        for script in ("1", odd):
            value = script if script is None else script.encode(errors="surrogateescape")
            statement = "INSERT INTO scripts VALUES (CAST(? AS TEXT), 'One', '', '2021-01-01', '2021-01-02')"
            connection.execute(statement, (value,))
        connection.execute("INSERT INTO script_versions VALUES (10, 1, 1, 'none', '2021-01-01')")
        connection.commit()
    with open_source(f"sqlite:///{tmp_path / 'legacy.db'}") as source:
        catalog = read_catalog(source)
        findings = Scan(source, catalog, draft(catalog).mapping).run().findings.kept()

    assert [each.key for each in findings if each.code == "L44"] == ["10"]
