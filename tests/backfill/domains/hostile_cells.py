"""Small legacy databases of each history form, some of whose cells hold what no application should have written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from tests.legacy.stored_histories import FORMS, SHAPES, store

OTHERS = """
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER, token TEXT, created_at TEXT, expires_at TEXT);
INSERT INTO sessions VALUES (1, 1, 'a', '2021-01-01 00:00:00', '2041-01-01 00:00:00'),
  (2, 2, 'b', '2021', '2041-01-01');
CREATE TABLE chat_messages (id INTEGER PRIMARY KEY, user_id INTEGER, script_id INTEGER, role TEXT, content TEXT,
  tokens INTEGER, cost TEXT, created_at TEXT);
INSERT INTO chat_messages VALUES (1, 1, 1, 'user', 'Hello', 1, '0.1', '2021-01-01 00:00:00'),
  (2, 1, 1, 'assistant', 'Yes', 2, '0.2', '2021-01-01 00:00:01');
CREATE TABLE story_elements (id INTEGER PRIMARY KEY, script_id INTEGER, type TEXT, content TEXT, created_at TEXT);
INSERT INTO story_elements VALUES (1, 1, 'theme', 'Fog', '2021-01-01 00:00:00');
CREATE TABLE personas (id INTEGER PRIMARY KEY, description TEXT, script_id INTEGER, user_id INTEGER, created_at TEXT);
INSERT INTO personas VALUES (1, 'Ada', 1, 1, '2021-01-01 00:00:00'), (2, 'Ben', NULL, 1, '2021-01-01 00:00:00');
CREATE TABLE script_commands (id INTEGER PRIMARY KEY, script_id INTEGER, type TEXT, payload TEXT, author TEXT,
  created_at TEXT);
INSERT INTO script_commands VALUES (1, 1, 'save', '{"versionNumber": 1}', 'ai', '2021-01-01 00:00:00');
CREATE TABLE odds (a TEXT, b BLOB, c REAL);
INSERT INTO odds VALUES ('x', x'00', 1.5), ('y', x'ff', 2);
"""
TEXT = "INT. FERRY - DAY\n\nMara waits.\n\nMARA\nYes.\n"
TEXTS = [TEXT, TEXT.replace("waits", "leaves"), TEXT + "\nFog.\n", TEXT]
VALUES: list[Any] = [
    *(None, "", " ", "0", 0, -1, 1, 2, "1", "-1", 2**31, 2**53, -(2**53), 2**63 - 1, -(2**63), 1.5, -0.0, 1e308),
    *(
        float("inf"),
        float("-inf"),
        b"",
        b"\x00\xff",
        b"1",
        "\x00",
        "\ud800",
        "a\nb",
        "\u2028",
        "٧",
        "1_0",
        "1e9",
        "NaN",
    ),
    *("Infinity", "1E+999999", "9" * 50, "0000-00-00 00:00:00", "2021-02-30", "9999-12-31 23:59:59.999999"),
    *("0001-01-01 00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2021-W01-1", "20210101"),
    *("-0001-01-01", "2021-01-01 24:00:00", "253402300800", 253_402_300_800_000, "[]", "{}", "null", "[1]", '"a"'),
    *('{"versionNumber": 1e999}', '{"versionNumber": [1]}', '{"a":1,"a":2}', '{"a": NaN}', '"\\ud83d"', "[" * 5_000),
    *('{"version":2,"lines":[{', '{"version":2,"lines":[{"id":1,"content":null}]}', '{"version":2,"lines":{"a":1}}'),
    *('{"version":2,"lines":[{"id":"a","format":"x","content":"1"},{"id":"a","format":[],"content":{}}]}', "\ufeff{}"),
    *(
        '{"content":{"content":{"content":"a"}}}',
        '{"content":1}',
        '"{\\"content\\":\\"\\\\ud800\\"}"',
        "<action>",
        "</",
    ),
    *("@@ -1 +1 @@\n-a\n+b\n", "@@ -999999999,1 +1 @@\n x\n", "@@ -0,0 +1 @@\n+%ED%A0%80\n", "@@", "\r", "İ" * 70),
    *(
        "x" * 70_000,
        "e\u0301",
        "https://user:secret@example.org",
        "'; DROP TABLE scripts; --",
        b"\xf0\x9f\x8e",
        "%s{0}",
    ),
]


def make(file: Path, seed: int) -> str:
    """Write a database; returns its history form."""
    random = Random(seed)
    form = random.choice([*FORMS])
    shape = random.choice([*SHAPES]) if form != "linked_lines" else "json"
    store(file, form, [[SHAPES[shape](text) for text in TEXTS], [SHAPES[shape](text) for text in TEXTS[:2]]])
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        connection.executescript(OTHERS)
        connection.execute("INSERT INTO users VALUES (2, 'ben@example.com', '2020-01-01 00:00:00')")
        for _ in range(random.randint(1, 12)):
            _change(connection, random)
        connection.commit()
    return form


def _change(connection: sqlite3.Connection, random: Random) -> None:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    table = random.choice(names)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    rowids = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
    if not rowids:
        return
    column, rowid, value = random.choice(columns), random.choice(rowids), random.choice(VALUES)
    if isinstance(value, str) and random.random() < 0.3:
        value = _spoiled(
            random, connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (rowid,)).fetchone()
        )
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
        statement = f"UPDATE OR IGNORE {table} SET {column} = CAST(? AS TEXT) WHERE rowid = ?"
    else:
        statement = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ?"
    try:
        connection.execute(statement, (value, rowid))
    except (sqlite3.IntegrityError, OverflowError):
        return


def _spoiled(random: Random, row: tuple[Any, ...] | None) -> str:
    """A value of the database, cut, doubled, or with something in it."""
    text = str(row[0] if row else "")
    at = random.randint(0, len(text))
    inside = random.choice(("", "\x00", '"', "}", "]", "@@", "%", "\\", "<", "\ud83d", "é", "9"))
    return random.choice((text[:at], text + text, text[:at] + inside + text[at:], text[:at] + text[at + 1 :]))
