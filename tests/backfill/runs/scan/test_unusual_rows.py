"""Unusual rows are scanned like any other: long keys, numbers beyond 63 bits, tables without a row, texts as times."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from backfill.mapping.draft import draft
from backfill.runs.scan.headline import headline
from backfill.runs.scan.scan import Scanned
from backfill.scanning.batch import Batch
from backfill.scanning.scope import Scope
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from tests.legacy.clean_rows import Size
from tests.legacy.database import LegacyDatabase, on_server
from tests.legacy.defects.draft import Expected
from tests.legacy.scanning import places, scan
from tests.services.databases import DatabaseServer

Rows = dict[str, Iterable[tuple[Any, ...]]]

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255), name VARCHAR(255), created_at DATETIME)"
SCRIPTS = """CREATE TABLE scripts (id {key}, user_id INTEGER, title VARCHAR(255), content LONGTEXT,
    version_number INTEGER, created_at DATETIME{more})"""
VERSIONS = """CREATE TABLE script_versions (id {key}, script_id {of}, version_number INTEGER, content LONGTEXT,
    created_at {at})"""
COMMANDS = """CREATE TABLE commands (id {key}, script_id {of}, version_number INTEGER, type VARCHAR(50), payload JSON,
    author VARCHAR(10), created_at DATETIME)"""
AT = "2023-01-02 10:00:00"
USER = (1, "ana@example.org", "Ana", AT)


def made(file: Path, rows: Rows, *, scripts: str = "", at: str = "DATETIME", key: str = "INTEGER") -> LegacyDatabase:
    """A legacy file with tables of users, scripts, versions and commands; `key` is the type of the last two's."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(USERS)
        connection.execute(scripts or SCRIPTS.format(key="INTEGER PRIMARY KEY", more=""))
        connection.execute(VERSIONS.format(key=f"{key} NOT NULL PRIMARY KEY", of="INTEGER", at=at))
        connection.execute(COMMANDS.format(key=f"{key} NOT NULL PRIMARY KEY", of="INTEGER"))
        for table, values in rows.items():
            for row in values:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()
    return LegacyDatabase(f"sqlite:///{file}", frozenset())


def with_key(scanned: Scanned, code: str) -> list[str | None]:
    """The keys of the findings of a code, in order."""
    return [each.key for each in scanned.findings.kept() if each.code == code]


def lines(count: int) -> str:
    return msgspec.json.encode(
        {"version": 1, "lines": [{"id": f"line{n}", "format": "action", "content": f"Line {n}."} for n in range(count)]}
    ).decode()


def test_a_text_in_a_column_of_times_is_no_day(tmp_path: Path) -> None:
    texts = ["Secret of Ana", "2023-01-02 Secret", "2023-99-99", "12345-01-01", AT, ""]
    versions = [(n, 1, n, lines(9 if n == 1 else 1), text) for n, text in enumerate(texts, 1)]
    rows: Rows = {"users": [USER], "scripts": [(1, 1, "T", lines(1), 6, AT)], "script_versions": versions}
    legacy = made(tmp_path / "legacy.db", rows, at="TEXT")

    scanned = scan(legacy)

    assert scanned.saves_by_day == {"2023-01-02": 2, "unknown": 3}
    assert [loss.at for loss in scanned.losses] == ["2023-01-02"]
    shown = msgspec.json.encode([scanned.findings.kept(), scanned.losses, scanned.saves_by_day, headline(scanned)])
    assert b"Secret" not in shown


def test_no_more_days_are_counted_than_a_century_has(tmp_path: Path) -> None:
    legacy = made(tmp_path / "legacy.db", {})
    with open_source(legacy.url) as source:
        catalog = read_catalog(source)
        scope = Scope(catalog, draft(catalog).mapping, hash_key=b"k" * 32)
    for year in range(9_999):
        for day in range(1, 9):
            scope.count_day(f"{year:04}-01-0{day}")

    assert len(scope.saves_by_day) == 36_526
    assert sum(scope.saves_by_day.values()) == 9_999 * 8


def test_ids_and_counters_of_64_bits_are_no_error(tmp_path: Path) -> None:
    legacy = made(tmp_path / "legacy.db", {})
    with open_source(legacy.url) as source:
        catalog = read_catalog(source)
        scope = Scope(catalog, draft(catalog).mapping, hash_key=b"k" * 32)
    [table] = scope.tables_for("scripts")
    largest = (1 << 64) - 1
    rows = [(number, 1, "T", None, number, AT) for number in (1, largest)]

    scope.remember(Batch(table, ["id", "user_id", "title", "content", "version_number", "created_at"], rows))

    assert [*scope.counted_scripts()] == [("1", 0, 1), (str(largest), 0, None)]


def test_keys_of_digits_of_any_length_are_shown_as_they_are(tmp_path: Path) -> None:
    keys = ["a", "b", "1", "007", "9" * 18, "9" * 25]
    versions = [(key, 1, number, lines(1), AT) for number, key in enumerate(keys, 1)]
    rows: Rows = {
        "users": [USER],
        "scripts": [(1, 1, "T", lines(1), 6, AT)],
        "script_versions": versions,
        "commands": [(key, 1, 100, "edit", "{}", "user", AT) for key in keys],
    }

    scanned = scan(made(tmp_path / "legacy.db", rows, key="VARCHAR(40)"))

    assert sorted(map(str, with_key(scanned, "L39"))) == sorted(keys * 2)


def test_numbers_of_thousands_of_digits_point_to_no_version(tmp_path: Path) -> None:
    payloads = [f'{{"versionNumber": {digits}}}' for digits in ("9" * 5_000, "9" * 19, "9" * 18, "1", "٣")]
    rows: Rows = {
        "users": [USER],
        "scripts": [(1, 1, "T", lines(1), 1, AT)],
        "script_versions": [(1, 1, 1, lines(1), AT)],
        "commands": [(number, 1, None, "edit", payload, "user", AT) for number, payload in enumerate(payloads, 1)],
    }

    assert with_key(scan(made(tmp_path / "legacy.db", rows)), "L39") == ["3"]


def test_a_head_newer_than_the_last_version_has_the_key_of_its_row(tmp_path: Path) -> None:
    scripts = """CREATE TABLE scripts (tenant INTEGER NOT NULL, id INTEGER NOT NULL, user_id INTEGER,
        title VARCHAR(255), content LONGTEXT, version_number INTEGER, created_at DATETIME, PRIMARY KEY (tenant, id))"""
    rows: Rows = {
        "users": [USER],
        "scripts": [(5, 1, 1, "T", lines(3), 9, AT)],
        "script_versions": [(1, 1, 1, lines(1), AT)],
    }

    found = places(scan(made(tmp_path / "legacy.db", rows, scripts=scripts)))

    assert {Expected("L42", "scripts", "5/1"), Expected("L01", "scripts", "5/1")} <= found


def test_rows_of_a_table_without_a_parent_row_are_orphans_where_the_parent_table_is_there(tmp_path: Path) -> None:
    rows: Rows = {"scripts": [(1, 1, "T", lines(1), 1, AT)], "script_versions": [(1, 1, 1, lines(1), AT)]}
    users_lost = made(tmp_path / "users.db", {**rows})
    scripts_lost = made(tmp_path / "scripts.db", {"users": [USER], "script_versions": rows["script_versions"]})
    no_users = made(tmp_path / "none.db", {**rows})
    with closing(sqlite3.connect(tmp_path / "none.db")) as connection:
        connection.execute("DROP TABLE users")

    assert Expected("L05", "scripts", "1") in places(scan(users_lost))
    assert Expected("L05", "script_versions", "1") in places(scan(scripts_lost))
    assert "L05" not in {each.code for each in places(scan(no_users))}


def test_a_cut_text_is_found_by_its_size_in_the_charset_of_its_column(mariadb: DatabaseServer) -> None:
    legacy = on_server(mariadb, "first", Size(8), defects=False, charset="latin1")
    name = legacy.url.rpartition("/")[2].partition("?")[0]
    mariadb.execute(f"UPDATE `{name}`.personas SET description = REPEAT('é', 65535) WHERE id = 2")
    mariadb.execute(f"UPDATE `{name}`.personas SET description = REPEAT('é', 32767) WHERE id = 3")
    mariadb.execute(f"UPDATE `{name}`.scripts SET content = REPEAT('é', 65535) WHERE id = 2")

    scanned = scan(legacy)

    assert with_key(scanned, "L10") == ["2", "2"]
    assert "L10" in scanned.findings.blocking
    assert "2 texts probably end in the middle, cut off at 64 KB." in headline(scanned)
    mariadb.execute(f"ALTER TABLE `{name}`.personas MODIFY description LONGTEXT CHARACTER SET latin1")
    mariadb.execute(f"ALTER TABLE `{name}`.scripts MODIFY content LONGTEXT CHARACTER SET utf8mb4")

    scanned = scan(legacy)

    # It may have been cut before the column was enlarged, which is no reason to stop.
    assert [(each.table, each.decision) for each in scanned.findings.kept() if each.code == "L10"] == [
        ("personas", "report")
    ]
    assert headline(scanned) == ["Nothing blocks the move."]
    mariadb.drop_database(legacy.url)
