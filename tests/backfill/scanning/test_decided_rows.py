"""Decisions on rows that the source does not have are named, and only those."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backfill.mapping.draft import draft
from backfill.mapping.model import RowDecision
from backfill.scanning.decided_rows import decisions_without_a_row
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source

TABLES = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(99)); INSERT INTO users VALUES (7, 'x');"
    "CREATE TABLE likes (who VARCHAR(9) NOT NULL, what INTEGER NOT NULL, PRIMARY KEY (who, what));"
    "INSERT INTO likes VALUES ('9', 3);"
    "CREATE TABLE files (id BINARY(16) NOT NULL PRIMARY KEY);"
    "INSERT INTO files VALUES (X'00112233445566778899aabbccddeeff');"
)


@pytest.mark.parametrize(
    ("table", "key", "sentence"),
    [
        ("users", (7,), ""),
        ("users", ("7",), ""),
        ("users", (8,), "users: the decision on the row [8] holds for nothing"),
        ("users", ("seven",), "users: the decision on the row ['seven'] holds for nothing"),
        ("users", ("9" * 5_000,), "users: the decision on the row ['999"),
        ("users", (2**64 - 1,), "users: the decision on the row [18446744073709551615] holds for nothing"),
        ("users", (7, 1), "users: the decision on the row [7, 1] names no row: the key of the table is id."),
        ("likes", ("9", 3), ""),
        ("likes", (9, "3"), ""),
        ("files", ("00112233445566778899aabbccddeeff",), ""),
        ("files", ("00112233-4455-6677-8899-AABBCCDDEEFF",), ""),
        ("files", ("00112233445566778899aabbccddee00",), "files: the decision on the row ['00112233445566778899aabbc"),
        ("likes", ("9", 4), "likes: the decision on the row ['9', 4] holds for nothing"),
    ],
)
def test_a_decision_on_a_row_that_is_not_there_is_named(
    tmp_path: Path, table: str, key: tuple[Any, ...], sentence: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.executescript(TABLES)
    with open_source(f"sqlite:///{tmp_path}/legacy.db") as source:
        catalog = read_catalog(source)
        mapping = draft(catalog).mapping
        rule = replace(mapping.tables[table], decisions=(RowDecision(code="L29", key=key, do="quarantine"),))
        mapping = replace(mapping, tables={**mapping.tables, table: rule})
        found = list(decisions_without_a_row(source, catalog, mapping))

    assert len(found) == bool(sentence)
    assert all(each.startswith(sentence) for each in found)
