"""Revision histories as legacy databases store them: in each content shape and history form, in an SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.legacy.clean_rows import START, json_save, written
from tests.legacy.patch_maker import make_patch

# A text as an application stored it.
SHAPES: dict[str, Callable[[str], str]] = {
    "fountain": lambda text: text,
    "tagged": lambda text: "\n".join(f"<action>{line}</action>" for line in text.splitlines() if line),
    "json": lambda text: json_save([(f"n{place}", "action", line) for place, line in enumerate(text.splitlines())]),
    "json_text": lambda text: json.dumps(SHAPES["json"](text), ensure_ascii=False),
    "wrapped_json": lambda text: json.dumps({"content": SHAPES["json"](text), "format": "json"}, ensure_ascii=False),
    "wrapped": lambda text: json.dumps({"content": text, "format": "plain", "pageCount": 1}, ensure_ascii=False),
}
COMMON = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);
INSERT INTO users VALUES (1, 'ada@example.com', '2020-01-01 00:00:00');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT, content TEXT, created_at TEXT,
  updated_at TEXT);
"""
BRANCHES = 3
_ROWS = "id INTEGER PRIMARY KEY, script_id INTEGER, version_number INTEGER"
FORMS = {
    "full_saves": f"CREATE TABLE script_versions ({_ROWS}, content TEXT, created_at TEXT)",
    "patches": f"CREATE TABLE revisions ({_ROWS}, patch TEXT, content TEXT, created_at TEXT)",
    "patches_from": f"CREATE TABLE revisions ({_ROWS}, patch TEXT, content TEXT, created_at TEXT)",
    "branches": f"CREATE TABLE script_versions ({_ROWS}, branch_id INTEGER, content TEXT, created_at TEXT)",
    "several_branches": f"CREATE TABLE script_versions ({_ROWS}, branch_id INTEGER, content TEXT, created_at TEXT)",
    "hashes": f"""CREATE TABLE script_versions ({_ROWS}, content_hash TEXT, created_at TEXT);
      CREATE TABLE contents (content_hash TEXT PRIMARY KEY, content TEXT)""",
    "linked_lines": """CREATE TABLE script_lines (id INTEGER PRIMARY KEY, script_id INTEGER, revision_id INTEGER,
      previous INTEGER, next INTEGER, format TEXT, content TEXT, created_at TEXT)""",
}


def branch_of(script: int, number: int) -> int:
    """The branch of a save of the form `several_branches`."""
    return script * 10 + number % BRANCHES


def store(file: Path, form: str, scripts: Sequence[Sequence[str]]) -> None:
    """Write a legacy database with scripts, numbered from 1; each is a list of contents."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"{COMMON};{FORMS[form]};")
        for script, contents in enumerate(scripts, 1):
            times = written(START), written(START + timedelta(hours=len(contents)))
            connection.execute("INSERT INTO scripts VALUES (?, 1, ?, NULL, ?, ?)", (script, f"Script {script}", *times))
            for table, row in _rows(form, script, contents):
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)
        connection.commit()


def _rows(form: str, script: int, contents: Sequence[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    last = len(contents)
    for number, content in enumerate(contents, 1):
        row = (script * 1000 + number, script, number)
        at = written(START + timedelta(hours=number))
        whole = content if number == last else None
        if form == "full_saves":
            yield "script_versions", (*row, content, at)
        elif form == "patches":
            patch = None if number == 1 else make_patch(contents[number - 2], content)
            yield "revisions", (*row, patch, whole, at)
        elif form == "patches_from":
            patch = None if number == last else make_patch(content, contents[number])
            yield "revisions", (*row, patch, whole, at)
        elif form == "branches":
            yield "script_versions", (*row, script, content, at)
        elif form == "several_branches":
            yield "script_versions", (*row, branch_of(script, number), content, at)
        elif form == "hashes":
            digest = sha256(content.encode()).hexdigest()
            yield "script_versions", (*row, digest, at)
            yield "contents", (digest, content)
        else:
            yield from _lines(script, number, content, at)


def _lines(script: int, number: int, content: str, at: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The lines of a JSON save as rows, whose keys are in no order."""
    lines = json.loads(content)["lines"]
    keys = [(script * 1000 + number) * 10_000 + place * 7919 % 10_000 for place in range(len(lines))]
    for place, line in enumerate(lines):
        previous = keys[place - 1] if place else None
        following = keys[place + 1] if place + 1 < len(lines) else None
        yield "script_lines", (keys[place], script, number, previous, following, line["format"], line["content"], at)
