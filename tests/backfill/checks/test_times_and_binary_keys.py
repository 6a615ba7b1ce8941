"""A scan names each time that the move cannot read, reads keys of bytes, and takes no kept text for a payload."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backfill.mapping.draft import draft
from backfill.mapping.model import ColumnRule
from backfill.runs.scan.scan import Scan
from backfill.scanning.finding import Finding
from backfill.translate.moments import moment_reader
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source


def findings(
    file: Path, sql: str, *rows: tuple[Any, ...], unit: str | None = None, chosen: dict[str, str] | None = None
) -> list[Finding]:
    with closing(sqlite3.connect(file)) as legacy:
        legacy.executescript(sql)
        legacy.executemany(f"INSERT INTO users VALUES ({', '.join('?' * len(rows[0]))})", rows)
        legacy.commit()
    with open_source(f"sqlite:///{file}") as source:
        catalog = read_catalog(source)
        mapping = draft(catalog, chosen or {}).mapping
        if unit is not None:
            users = mapping.tables["users"]
            columns = {**users.columns, "created_at": ColumnRule(to="created_at", unit=unit)}  # type: ignore[arg-type]
            mapping = replace(mapping, tables={**mapping.tables, "users": replace(users, columns=columns)})
        return Scan(source, catalog, mapping).run().findings.kept()


TIMES = ("2021-03-04T05:06:07-05:00", "2021-03-04 05:06", None, "", "04/03/2021", "0000-00-00", "Thu, 04 Mar 2021")


@pytest.mark.parametrize(
    ("kind", "unit", "times"),
    [
        ("VARCHAR(60)", None, TIMES),
        ("BIGINT", "ms", (1_612_173_600_000, None, 0, 1 << 60)),
        ("VARCHAR(60)", "s", ("1612173600", None, "0", "soon", "2021-03-04")),
        ("VARCHAR(60)", "s", ("sNaN", "Infinity", "9e999999", "1e9", "1_000", "٣", " 1612173600 ", b"12", "-.-")),
        ("TEXT", "us", ("9" * 1_000_050, "1612173600000000")),
        ("BIGINT", "s", (b"\x01\x02", 1.5e300, float("inf"), 1612173600.25)),
    ],
)
def test_each_time_that_the_move_has_to_infer_is_a_finding(
    tmp_path: Path, kind: str, unit: str | None, times: tuple[Any, ...]
) -> None:
    sql = f"CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(90), created_at {kind})"
    rows = [(number, f"u{number}@example.org", at) for number, at in enumerate(times)]
    found = findings(tmp_path / "legacy.db", sql, *rows, unit=unit)

    read = moment_reader(ColumnRule(to="created_at", unit=unit), ["created_at"])  # type: ignore[arg-type]
    inferred = [str(number) for number, at in enumerate(times) if at is not None and read(at, (at,))[0] is None]
    assert [each.key for each in found if each.code == "L07"] == inferred
    assert inferred != []


def test_references_of_bytes_are_read(tmp_path: Path) -> None:
    sql = """
    CREATE TABLE users (id BINARY(16) PRIMARY KEY, email VARCHAR(90), created_at DATETIME);
    CREATE TABLE scripts (id BINARY(16) PRIMARY KEY, user_id BINARY(16), title TEXT, created_at DATETIME);
    CREATE TABLE script_versions (id BINARY(16) PRIMARY KEY, script_id BINARY(16), version_number INTEGER, content TEXT,
      created_at DATETIME);
    INSERT INTO scripts VALUES (x'0b', x'01', 'One', '2021-01-01'), (x'0c', x'09', 'Two', '2021-01-01');
    INSERT INTO script_versions VALUES (x'10', x'0b', 1, 'A', '2021-01-01'), (x'11', x'0f', 1, 'B', '2021-01-01');
    """
    found = findings(tmp_path / "legacy.db", sql, (b"\x01", "a@example.org", "2021-01-01"))

    assert [(each.table, each.key, each.column) for each in found if each.code == "L05"] == [
        ("scripts", "0c", "user_id"),
        ("script_versions", "11", "script_id"),
    ]
    assert [each.key for each in found if each.code == "L41"] == ["0c"]


def test_ids_that_cannot_be_kept_are_set_aside(tmp_path: Path) -> None:
    sql = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(90));
    CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT, created_at DATETIME);
    CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER, token TEXT, expires_at DATETIME);
    INSERT INTO scripts VALUES (9007199254740993, 1, 'One', '2021-01-01'), (2, 1, 'Two', '2021-01-01');
    INSERT INTO sessions VALUES (-7, 1, 'one', '2030-01-01');
    """
    rows = [(number, f"u{number}@example.org") for number in (1, 0, -4)]
    found = findings(tmp_path / "legacy.db", sql, *rows)

    assert {(each.table, each.key, each.decision) for each in found if each.code == "L40"} == {
        ("users", "-4", "quarantine"),
        ("scripts", "9007199254740993", "quarantine"),
        ("sessions", "-7", "repair"),
    }


def test_a_script_whose_lines_are_rows_has_a_save(tmp_path: Path) -> None:
    sql = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(90));
    CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT, created_at DATETIME);
    CREATE TABLE script_lines (id INTEGER PRIMARY KEY, script_id INTEGER, position INTEGER, type TEXT, content TEXT);
    INSERT INTO scripts VALUES (1, 1, 'One', '2021-01-01'), (2, 1, 'Two', '2021-01-01'), (3, 1, 'Three', '2021-01-01');
    INSERT INTO script_lines VALUES (1, 2, 1, 'action', 'A'), (2, 1, 1, 'action', 'B'), (3, 2, 2, 'action', 'C');
    """
    found = findings(tmp_path / "legacy.db", sql, (1, "a@example.org"), chosen={"script_lines": "lines"})

    assert [each.key for each in found if each.code == "L41"] == ["3"]


def test_a_text_that_is_kept_need_not_be_json(tmp_path: Path) -> None:
    sql = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(90));
    CREATE TABLE jobs (id INTEGER PRIMARY KEY, payload JSON);
    INSERT INTO jobs VALUES (1, 'no JSON');
    CREATE TABLE web_sessions (id INTEGER PRIMARY KEY, payload TEXT);
    INSERT INTO web_sessions VALUES (1, 'YToxOnt9');
    """
    found = findings(tmp_path / "legacy.db", sql, (1, "a@example.org"))

    assert [(each.table, each.decision) for each in found if each.code == "L15"] == [("jobs", "report")]
