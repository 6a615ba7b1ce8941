"""Rows by their keys: in the order asked for, with gaps, contents as bytes, and large rows one by one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from repos.legacy import keyed_rows
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.legacy.keyed_rows import KeyedReader


@pytest.fixture
def url(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.execute(
            "CREATE TABLE saves (script TEXT, number INTEGER, content TEXT, PRIMARY KEY (script, number))"
        )
        rows = [("é", number, f"Text {number} …" * number) for number in range(40)]
        connection.executemany("INSERT INTO saves VALUES (?, ?, ?)", rows)
        connection.commit()
    return f"sqlite:///{tmp_path / 'legacy.db'}"


@pytest.mark.parametrize("held", [1, 1 << 20])
def test_rows_come_in_the_order_of_the_keys(url: str, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyed_rows, "MAX_HELD_BYTES", held)
    with open_source(url) as source:
        table = read_catalog(source).tables["saves"]
        reader = KeyedReader(source, table, ("script", "number"), ("content",), contents=("content",))
        numbers = [*range(39, 7, -1), 99, *range(8)]

        rows = list(reader.read([("é", number) for number in numbers]))

    expected = [None if number == 99 else (f"Text {number} …" * number).encode() for number in numbers]
    assert [row and row[0] for row in rows] == expected
