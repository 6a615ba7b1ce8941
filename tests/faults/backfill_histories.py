"""Scripts for a backfill under fire whose histories are no whole texts: patches, linked lines, hashes and branches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from tests.legacy.patch_maker import make_patch

Row = tuple[Any, ...]

TABLES = """
CREATE TABLE revisions (id INTEGER PRIMARY KEY, script_id INTEGER, version_number INTEGER, patch TEXT, content TEXT,
  created_at TEXT);
CREATE TABLE script_lines (id INTEGER PRIMARY KEY, script_id INTEGER, revision_id INTEGER, previous INTEGER,
  next INTEGER, format TEXT, content TEXT, created_at TEXT);
CREATE TABLE snapshots (id INTEGER PRIMARY KEY, script_id INTEGER, version_number INTEGER, content_hash TEXT,
  created_at TEXT);
CREATE TABLE contents (content_hash TEXT PRIMARY KEY, content TEXT);
CREATE TABLE branch_versions (id INTEGER PRIMARY KEY, script_id INTEGER, version_number INTEGER, branch_id INTEGER,
  content TEXT, created_at TEXT);
"""
SAVES = 30
BRANCHES = 3
AT = "2022-05-01 08:{:02}:{:02}.000"


def _moment(number: int) -> str:
    return AT.format(number // 60, number % 60)


def _patches(script: int, texts: Sequence[str]) -> Iterator[tuple[str, Row]]:
    for number, text in enumerate(texts, 1):
        patch = None if number == 1 else make_patch(texts[number - 2], text)
        whole = text if number == len(texts) else None
        yield "revisions", (script * 1_000 + number, script, number, patch, whole, _moment(number))


def _linked_lines(script: int, texts: Sequence[str]) -> Iterator[tuple[str, Row]]:
    for number, text in enumerate(texts, 1):
        lines = text.splitlines()
        keys = [(script * 1_000 + number) * 1_000 + place * 7 % 997 for place in range(len(lines))]
        for place, line in enumerate(lines):
            before = keys[place - 1] if place else None
            after = keys[place + 1] if place + 1 < len(lines) else None
            yield "script_lines", (keys[place], script, number, before, after, "action", line, _moment(number))


def _hashes(script: int, texts: Sequence[str]) -> Iterator[tuple[str, Row]]:
    for number, text in enumerate(texts, 1):
        digest = sha256(text.encode()).hexdigest()
        yield "contents", (digest, text)
        yield "snapshots", (script * 1_000 + number, script, number, digest, _moment(number))


def _branches(script: int, texts: Sequence[str]) -> Iterator[tuple[str, Row]]:
    for number, text in enumerate(texts, 1):
        branch = script * 10 + number % BRANCHES
        lines = [
            {"id": f"b{place}", "format": "action", "content": line} for place, line in enumerate(text.splitlines())
        ]
        content = json.dumps({"version": 2, "lines": lines})
        yield "branch_versions", (script * 1_000 + number, script, number, branch, content, _moment(number))


HISTORIES: dict[int, Callable[[int, Sequence[str]], Iterator[tuple[str, Row]]]] = {
    111: _patches,
    112: _patches,
    121: _linked_lines,
    131: _hashes,
    141: _branches,
}

# The saves in each table, each of which comes over or equals the one before.
SAVES_OF_HISTORIES = {"revisions": 2 * SAVES, "script_lines": SAVES, "snapshots": SAVES, "branch_versions": SAVES}


def add_histories(connection: sqlite3.Connection) -> None:
    """Add tables of these histories to a legacy database of generation 6, and a script with each."""
    connection.executescript(TABLES)
    for script, rows in HISTORIES.items():
        connection.execute(
            "INSERT INTO scripts VALUES (?, 1, ?, 'draft', 'private', NULL, NULL, NULL, ?, ?, NULL)",
            (script, f"Script {script}", _moment(0), _moment(SAVES)),
        )
        for table, row in rows(script, [*_texts(script)]):
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)


def _texts(script: int) -> Iterator[str]:
    """The texts of the saves; some equal the one before, and some take lines away."""
    lines: list[str] = []
    for number in range(SAVES):
        if number % 7 == 6:
            del lines[number % 3 :: 3]
        elif number % 9 != 8:
            lines.append(f"Line {number} of {script} 🎬.")
        yield "\n".join(lines) + "\n"
