"""Incidents of others that concern reading: each is named for the public report, and must not happen here."""

from __future__ import annotations

from typing import Any

import pytest

from repos.legacy import rows
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.legacy.rows import read_rows
from tests.repos.legacy.conftest import MakeSource
from tests.services.databases import DatabaseServer

EMOJI = "FADE IN: 🎬 é 漢 \u200d \u202e \uffff 𝄞"


def read(url: str, table: str = "t", **options: Any) -> list[rows.LegacyRow]:
    with open_source(url) as source:
        return list(read_rows(source, read_catalog(source).tables[table], **options))


def small_pages(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(rows, "MAX_PAGE_ROWS", size)
    monkeypatch.setattr(rows, "FIRST_PAGE_ROWS", size)


def test_maintenance_tasks_796_a_batch_size_that_changes_in_mid_run(
    make_source: MakeSource, monkeypatch: pytest.MonkeyPatch
):
    numbers = range(1, 41)
    url = make_source(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
        *(f"INSERT INTO t VALUES ({number}, 'line {number}')" for number in numbers),
    )
    small_pages(monkeypatch, 7)
    with open_source(url) as source:
        reading = read_rows(source, read_catalog(source).tables["t"])
        first = [next(reading) for _ in range(10)]
        reading.close()
    small_pages(monkeypatch, 3)
    rest = read(url, after=first[-1].key)

    assert [row.key for row in (*first, *rest)] == [(number,) for number in numbers]


def test_spirit_882_the_row_with_the_id_zero(make_server_source: MakeSource, monkeypatch: pytest.MonkeyPatch):
    small_pages(monkeypatch, 1)
    url = make_server_source(
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT)",
        "INSERT INTO t VALUES (0, 'zero'), (-5, 'before'), (1, 'one')",
    )

    assert [row.values for row in read(url)] == [(-5, "before"), (0, "zero"), (1, "one")]


def test_gh_ost_247_and_prisma_orm_5051_times_that_are_hours_off(
    mariadb: DatabaseServer, make_server_source: MakeSource
):
    [(zone,)] = mariadb.execute("SELECT @@global.time_zone")
    mariadb.execute("SET GLOBAL time_zone = '-06:00'")
    try:
        url = make_server_source(
            "CREATE TABLE t (id INT PRIMARY KEY, stamp TIMESTAMP NULL, clock DATETIME(3))",
            "INSERT INTO t VALUES (1, '2021-02-03 20:05:06', '2021-02-03 20:05:06.789')",
        )
        [row] = read(url)
        with open_source(url) as source:
            assert source.facts.utc_offset_minutes == -360
    finally:
        mariadb.execute(f"SET GLOBAL time_zone = '{zone}'")

    # A TIMESTAMP is a moment, and is read in UTC; a DATETIME is what its writer wrote.
    assert row.values == (1, "2021-02-04 02:05:06", "2021-02-03 20:05:06.789")


def test_prisma_orm_24522_zero_dates_read_as_nothing(make_server_source: MakeSource):
    url = make_server_source(
        "SET sql_mode = ''",
        "CREATE TABLE t (id INT PRIMARY KEY, a DATE, b DATETIME, c DATETIME(3), d TIMESTAMP NULL)",
        "INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00', '0000-00-00', '0000-00-00')",
        "INSERT INTO t VALUES (2, '2021-00-05', '2021-02-00 01:02:03', '2021-00-00', NULL)",
    )

    first, second = (row.values[1:] for row in read(url))

    assert first == ("0000-00-00", "0000-00-00 00:00:00", "0000-00-00 00:00:00.000", "0000-00-00 00:00:00")
    assert second == ("2021-00-05", "2021-02-00 01:02:03", "2021-00-00 00:00:00.000", None)


def test_wp_calypso_100535_an_emoji_in_every_text_column(make_server_source: MakeSource):
    types = (
        "CHAR(60)",
        "VARCHAR(60)",
        "TINYTEXT",
        "TEXT",
        "MEDIUMTEXT",
        "LONGTEXT",
        f"ENUM('{EMOJI}')",
        f"SET('{EMOJI}')",
    )
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(types))
    values = ", ".join(f"'{EMOJI}'" for _ in types)
    url = make_server_source(
        "SET NAMES utf8mb4",
        f"CREATE TABLE t (id INT PRIMARY KEY, {columns}, j JSON) CHARACTER SET utf8mb4",
        f'INSERT INTO t VALUES (1, {values}, \'{{"text": "{EMOJI}"}}\')',
    )

    [row] = read(url)

    assert row.values[1:-1] == (EMOJI,) * len(types)
    assert EMOJI in row.values[-1]


def test_codimd_521_a_text_of_64_kilobytes_arrives_whole(make_server_source: MakeSource):
    url = make_server_source(
        "CREATE TABLE t (id INT PRIMARY KEY, body TEXT, more MEDIUMTEXT) CHARACTER SET utf8mb4",
        "INSERT INTO t VALUES (1, REPEAT('x', 65535), CONCAT(REPEAT('é', 100000), '🎬'))",
    )

    [row] = read(url)

    assert row.values[1:] == ("x" * 65_535, "é" * 100_000 + "🎬")


def test_vitess_9715_keys_that_a_collation_orders_otherwise_than_bytes(
    make_server_source: MakeSource, monkeypatch: pytest.MonkeyPatch
):
    small_pages(monkeypatch, 1)
    keys = ("a", "B", "ß", "z", "é", "Ö", "_", "10", "9", "中", "🎬", "a b", "a-b", "", "𝄞")
    values = ", ".join(f"('{key}', 'of {key}')" for key in keys)
    url = make_server_source(
        "SET NAMES utf8mb4",
        "CREATE TABLE t (id VARCHAR(20) PRIMARY KEY, body TEXT) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci",
        f"INSERT INTO t VALUES {values}",
    )

    found = read(url)

    assert sorted(row.values[0] for row in found) == sorted(keys)
    assert all(row.values[1] == f"of {row.values[0]}" for row in found)


def test_telegram_archive_368_a_row_deleted_and_one_added_behind_the_cursor(
    make_server_source: MakeSource, mariadb: DatabaseServer, monkeypatch: pytest.MonkeyPatch
):
    small_pages(monkeypatch, 2)
    url = make_server_source(
        "CREATE TABLE t (id INT PRIMARY KEY, body TEXT)",
        "INSERT INTO t VALUES (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e'), (6, 'f')",
    )
    with open_source(url) as source:
        reading = read_rows(source, read_catalog(source).tables["t"])
        found = [next(reading).key for _ in range(2)]
        mariadb.execute(f"DELETE FROM `{source.facts.database}`.t WHERE id = 2")
        mariadb.execute(f"INSERT INTO `{source.facts.database}`.t VALUES (1, 'a')")
        found += [row.key for row in reading]

    assert found == [(2,), (3,), (4,), (5,), (6,)]
