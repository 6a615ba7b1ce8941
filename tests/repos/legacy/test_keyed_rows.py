"""Rows by their keys: in the order asked for, with gaps, contents as bytes, and large rows one by one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from repos.legacy import keyed_rows
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import MAX_CONNECTIONS, open_source
from repos.legacy.keyed_rows import KeyedReader
from repos.legacy.scan_rows import read_batches
from tests.repos.legacy.conftest import MakeSource
from tests.services.databases import DatabaseServer


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


def test_a_key_may_have_a_part_that_is_null(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.executescript(
            "CREATE TABLE saves (script INT, number INT, content TEXT);"
            "INSERT INTO saves VALUES (1, 1, 'a'), (1, NULL, 'b'), (NULL, 1, 'c'), (2, NULL, 'd')"
        )
    with open_source(f"sqlite:///{tmp_path / 'legacy.db'}") as source:
        table = read_catalog(source).tables["saves"]
        reader = KeyedReader(source, table, ("script", "number"), ("content",))
        keys = [(1, None), (None, 1), (None, None), (1, 1), (2, None)]
        assert list(reader.read(keys)) == [("b",), ("c",), None, ("a",), ("d",)]
        alone = KeyedReader(source, table, ("script",), ("content",))
        assert list(alone.read([(None,), (2,), (3,)])) == [("c",), ("d",), None]


# A text with letters, a character beyond the first plane, a quotation mark, a backslash and line ends.
TEXT = 'é—日本 🎬 "a\\b"\r\n'
LATIN = "é ü ß"
COLUMNS = {
    "LONGTEXT CHARACTER SET utf8mb4": TEXT,
    "TEXT CHARACTER SET utf8mb3": TEXT.replace("🎬", ""),
    "LONGTEXT CHARACTER SET latin1": LATIN,
    "TEXT CHARACTER SET ucs2": LATIN,
    "TEXT CHARACTER SET utf16": TEXT,
    "TEXT CHARACTER SET cp1251": "Паром",
    "TEXT CHARACTER SET sjis": "日本",
    "CHAR(20) CHARACTER SET utf8mb4": "Fée",
    "JSON": '{"a": "é 🎬"}',
    "LONGBLOB": b"\xff\x00raw",
    "ENUM('é', 'b')": "é",
    "INT": 12,
    "DECIMAL(6, 2)": "1.50",
    "DATETIME": "2021-02-03 04:05:06",
}


@pytest.mark.services
def test_contents_of_a_server_are_the_utf8_bytes_of_their_text(make_server_source: MakeSource, mariadb: DatabaseServer):
    names = [f"c{number}" for number in range(len(COLUMNS))]
    declared = ", ".join(f"{name} {kind}" for name, kind in zip(names, COLUMNS, strict=True))
    url = make_server_source(
        f"CREATE TABLE saves (id INT PRIMARY KEY, {declared})", "INSERT INTO saves (id) VALUES (2)"
    )
    with mariadb.connect(database=make_url(url).database, charset="utf8mb4") as connection:
        marks = ", ".join(["%s"] * len(names))
        connection.cursor().execute(f"INSERT INTO saves VALUES (1, {marks})", [*COLUMNS.values()])
    with open_source(url) as source:
        table = read_catalog(source).tables["saves"]
        reader = KeyedReader(source, table, ("id",), names, contents=names)

        found, empty = reader.read([(1,), (2,)])
        [[scanned, _]] = read_batches(source, table, names, contents=names, order=["id"])

    expected = tuple(value if isinstance(value, bytes) else str(value).encode() for value in COLUMNS.values())
    assert found == scanned == expected
    assert empty == (None,) * len(names)


@pytest.mark.services
def test_large_json_is_sorted(make_server_source: MakeSource) -> None:
    """MySQL sorts whole rows with their JSON, and each must fit its sort buffer: error 1038."""
    statements = (
        "CREATE TABLE saves (id INT PRIMARY KEY, number INT, content JSON)",
        "INSERT INTO saves SELECT 1, 2, CONCAT('[\"', REPEAT('x', 3000000), '\"]')",
        "INSERT INTO saves VALUES (2, 1, '[]')",
    )
    with open_source(make_server_source(*statements)) as source:
        table = read_catalog(source).tables["saves"]
        rows = [row for batch in read_batches(source, table, ("id", "content"), order=("number",)) for row in batch]
    assert [(row[0], len(row[1])) for row in rows] == [(2, 2), (1, 3_000_004)]


@pytest.mark.parametrize("held", [1, 1 << 20])
def test_rows_of_a_server_are_read_ahead_and_come_in_order(
    make_server_source: MakeSource, mariadb: DatabaseServer, held: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keyed_rows, "MAX_HELD_BYTES", held)
    monkeypatch.setattr(keyed_rows, "MAX_BATCH_KEYS", 8)
    url = make_server_source("CREATE TABLE saves (id INT PRIMARY KEY, content LONGTEXT)")
    with mariadb.connect(database=make_url(url).database) as connection:
        rows = [(number, f"Text {number} " * number) for number in range(1, 100)]
        connection.cursor().executemany("INSERT INTO saves VALUES (%s, %s)", rows)
    numbers = [*range(99, 49, -1), 500, *range(1, 50)]
    with open_source(url) as source:
        table = read_catalog(source).tables["saves"]
        reader = KeyedReader(source, table, ("id",), ("content",), contents=("content",))

        # Another statement between two rows, as the checks of a save have them.
        found = [(row, source.fetch("SELECT 1")) for row in reader.read([(number,) for number in numbers])]
        left = reader.read([(number,) for number in numbers])
        for _ in range(10):
            next(left)
        left.close()

        assert source.fetch("SELECT COUNT(*) FROM saves") == [(99,)]
    expected = [None if number == 500 else (f"Text {number} " * number).encode() for number in numbers]
    assert [row and row[0] for row, _ in found] == expected


@pytest.mark.services
def test_the_next_rows_are_on_their_way_while_a_row_is_used(make_server_source: MakeSource, mariadb: DatabaseServer):
    url = make_server_source("CREATE TABLE saves (id INT PRIMARY KEY, content LONGTEXT)")
    with mariadb.connect(database=make_url(url).database) as connection:
        connection.cursor().executemany("INSERT INTO saves VALUES (%s, 'x')", [(number,) for number in range(1, 40)])
    with open_source(url) as source:
        table = read_catalog(source).tables["saves"]
        rows = KeyedReader(source, table, ("id",), ("content",), contents=("content",)).read(
            [(number,) for number in range(1, 40)]
        )
        for _ in range(2):
            assert next(rows) == (b"x",)
        mariadb.execute(f"DELETE FROM {table_of(url)}")

        # Those of the batch and of the one after it were read before.
        left = list(rows)

    assert left.count((b"x",)) == left.index(None) > KEYS_OF_A_BATCH


@pytest.mark.services
def test_many_readers_at_once_leave_each_other_connections(make_server_source: MakeSource, mariadb: DatabaseServer):
    url = make_server_source("CREATE TABLE saves (id INT PRIMARY KEY, content LONGTEXT)")
    with mariadb.connect(database=make_url(url).database) as connection:
        connection.cursor().executemany("INSERT INTO saves VALUES (%s, 'x')", [(number,) for number in range(1, 40)])
    keys = [(number,) for number in range(1, 40)]
    with open_source(url) as source:
        table = read_catalog(source).tables["saves"]
        readers = [
            KeyedReader(source, table, ("id",), ("content",), contents=("content",)).read(keys)
            for _ in range(2 * MAX_CONNECTIONS)
        ]

        rows = list(zip(*readers, strict=True))

    assert rows == [((b"x",),) * len(readers)] * len(keys)


KEYS_OF_A_BATCH = 4


def table_of(url: str) -> str:
    return f"`{make_url(url).database}`.saves"
