"""The memory of a scan is bounded by its largest row, however many rows there are."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import ROOT
from tests.legacy.clean_rows import json_save
from tests.legacy.database import _File
from tests.legacy.schemas import SCHEMAS

MAX_MEGABYTES = 200
ROW_BYTES = 16 << 20
PROGRAM = """
import sys
from cli.main import main
from tests.fuzz.input_limits import peak_bytes
sys.argv[0] = "scriptledger"
try:
    main()
finally:
    print("peak", peak_bytes(), file=sys.stderr)
"""
# One row for each number from 1.
ROWS = {
    "users": (125_000, "n, 'w' || n || '@example.org', 'hash', 'salt', '2023-01-01 00:00:00'"),
    "sessions": (250_000, "n, 1 + n % 125000, printf('%032d', n), '2024-01-01 00:00:00', '2023-01-01 00:00:00'"),
    "scripts": (
        250_000,
        "n, 1 + n % 125000, 'Title ' || n, 'draft', 'author', '2023-01-01 00:00:00', '2023-01-02 00:00:00'",
    ),
    "script_versions": (250_000, "n, n, 1, 'Text number ' || n, '2023-01-03 00:00:00'"),
    "script_commands": (250_000, "n, n, 'save_version', '{\"versionNumber\":1}', 'user', '2023-01-03 00:00:00'"),
}


@pytest.mark.full
def test_a_million_rows_and_the_largest_rows_take_less_than_200_megabytes(tmp_path: Path) -> None:
    file = tmp_path / "legacy.db"
    with closing(sqlite3.connect(file)) as connection:
        for table in SCHEMAS["fifth"]:
            _File(connection).execute(table.ddl("sqlite"))
        for name, (count, values) in ROWS.items():
            numbers = f"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {count})"
            connection.execute(f"INSERT INTO {name} {numbers} SELECT {values} FROM r")
        for number, content in enumerate(largest_contents(), 2):
            connection.execute(
                "INSERT INTO script_versions VALUES (?, 1, ?, ?, ?)",
                (1_000_000 + number, number, content, f"2023-01-{number + 3:02} 00:00:00"),
            )
        connection.commit()

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "legacy", "scan", f"sqlite:///{file}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=280,
    )

    assert " 1,125,003 rows in " in done.stdout, done.stderr
    assert int(done.stderr.rpartition("peak ")[2]) < MAX_MEGABYTES * 1_000_000


def largest_contents() -> list[str]:
    """Contents just below the limit: text with characters of four bytes, and a save of many lines."""
    scene = "She says something of the usual length, and then something more of it, and leaves.\n" * 19 + "Music 🎬.\n"
    text = scene * (ROW_BYTES // len(scene.encode()) // 2)
    text += ("A long line. " * 40 + "\n") * (ROW_BYTES // 521 // 2)
    lines = [(f"l{number}", "dialog", f"{number} " + "and so on " * 15) for number in range(80_000)]
    return [text, json_save(lines), text.replace("She", "He ")]
