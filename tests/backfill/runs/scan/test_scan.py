"""A scan finds what is wrong, each defect with its code and key, nothing else, and changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pymysql
import pytest
from sqlalchemy import make_url

from backfill.mapping.draft import draft
from backfill.runs.scan.scan import Scanned
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.legacy.errors import SourceError
from tests.legacy.clean_rows import Size
from tests.legacy.database import LegacyDatabase, in_file, on_server
from tests.legacy.defects.draft import Expected
from tests.legacy.scanning import in_local_time, places, scan
from tests.legacy.schemas import SCHEMAS
from tests.services.databases import DatabaseServer
from tests.services.mariadb import MariaDB

SMALL = Size(8)
MARKER = "Xq7ZpMarker"


def text_of(scanned: Scanned) -> str:
    return msgspec.json.encode([scanned.findings.kept(), scanned.losses, scanned.saves_by_day]).decode()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_seeded_defect_is_found_with_its_code_and_key_and_nothing_else(schema: str, tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", schema, SMALL, marker=MARKER)
    before = sha256((tmp_path / "legacy.db").read_bytes()).digest()

    scanned = scan(legacy)

    assert places(scanned) == legacy.expected
    assert MARKER not in text_of(scanned)
    assert sha256((tmp_path / "legacy.db").read_bytes()).digest() == before
    assert [file.name for file in tmp_path.iterdir()] == ["legacy.db"]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_clean_rows_have_no_finding(schema: str, tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", schema, Size(40, versions=5), defects=False)

    assert places(scan(legacy)) == legacy.expected
    assert all(expected.key is None for expected in legacy.expected)


# The others are scanned on the old server.
@pytest.mark.parametrize("schema", ["first", "fourth", "sixth", "branches", "text_keys"])
def test_every_seeded_defect_is_found_on_a_server(schema: str, mariadb: DatabaseServer) -> None:
    legacy = on_server(mariadb, schema, SMALL, marker=MARKER)
    before = checksums(mariadb, legacy)

    scanned = scan(legacy)

    assert places(scanned) == legacy.expected
    assert MARKER not in text_of(scanned)
    assert checksums(mariadb, legacy) == before
    mariadb.drop_database(legacy.url)


class OldServer(MariaDB):
    """A server as they were: not strict, latin1, in its own time zone."""

    def options(self) -> list[str]:
        old = [
            "--default-time-zone=-06:00",
            "--character-set-server=latin1",
            "--sql-mode=",
            "--default-storage-engine=MyISAM",
        ]
        return [*super().options(), *old]


@pytest.fixture(scope="module")
def old_server() -> Iterator[MariaDB]:
    with OldServer() as server:
        yield server


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_seeded_defect_is_found_on_an_old_server(schema: str, old_server: MariaDB) -> None:
    legacy = on_server(old_server, schema, SMALL, charset="latin1", engine="MyISAM")

    assert places(scan(legacy)) == legacy.expected | in_local_time(schema)


@pytest.mark.slow
def test_100_000_clean_rows_have_no_finding(tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", "fifth", Size(9_000, versions=3), defects=False)

    scanned = scan(legacy)

    assert scanned.rows >= 100_000
    assert places(scanned) == frozenset()


def test_a_row_near_max_allowed_packet_is_found(mariadb: DatabaseServer) -> None:
    legacy = on_server(mariadb, "fifth", SMALL, defects=False)
    name = legacy.url.rpartition("/")[2].partition("?")[0]
    mariadb.execute(f"UPDATE `{name}`.script_versions SET content = REPEAT('A long line.', 50000) WHERE id = 3")
    [(packet,)] = mariadb.execute("SELECT @@global.max_allowed_packet")
    mariadb.execute("SET GLOBAL max_allowed_packet = 1048576")
    try:
        found = places(scan(legacy))
    finally:
        mariadb.execute(f"SET GLOBAL max_allowed_packet = {packet}")

    assert Expected("L17", "script_versions", "3") in found
    mariadb.drop_database(legacy.url)


def test_a_collation_of_one_kind_of_server_is_found(mariadb: DatabaseServer) -> None:
    legacy = on_server(mariadb, "first", SMALL, defects=False)
    name = legacy.url.rpartition("/")[2].partition("?")[0]
    is_mariadb = "MariaDB" in str(mariadb.execute("SELECT version()")[0][0])
    collation = "utf8mb4_general_nopad_ci" if is_mariadb else "utf8mb4_0900_ai_ci"
    mariadb.execute(f"ALTER TABLE `{name}`.personas MODIFY description TEXT COLLATE {collation}")

    assert places(scan(legacy)) == {Expected("L21", "personas", None)}
    mariadb.drop_database(legacy.url)


def test_rows_written_and_added_during_the_scan_are_found(mariadb: DatabaseServer) -> None:
    legacy = on_server(mariadb, "third", SMALL, defects=False)
    name = legacy.url.rpartition("/")[2].partition("?")[0]
    statements = [
        f"UPDATE `{name}`.scripts SET title = 'Changed' WHERE id = 1",
        f"INSERT INTO `{name}`.personas (id, description) VALUES (5000, 'Late')",
    ]

    def write(_table: str, _rows: int) -> None:
        while statements:
            mariadb.execute(statements.pop())

    found = places(scan(legacy, progress=write))

    assert {Expected("L20", "scripts", None), Expected("L28", "personas", None)} <= found
    assert Expected("L20", "personas", None) not in found
    mariadb.drop_database(legacy.url)


def test_an_account_with_select_alone_is_enough(mariadb: DatabaseServer) -> None:
    legacy = on_server(mariadb, "first", SMALL)
    name = legacy.url.rpartition("/")[2].partition("?")[0]
    mariadb.execute("CREATE USER IF NOT EXISTS 'scanner'@'%' IDENTIFIED BY 'secret'")
    mariadb.execute(f"GRANT SELECT ON `{name}`.* TO 'scanner'@'%'")
    url = make_url(legacy.url).set(username="scanner", password="secret").render_as_string(hide_password=False)

    assert places(scan(LegacyDatabase(url, legacy.expected))) == legacy.expected

    mariadb.execute("DROP USER 'scanner'@'%'")
    mariadb.drop_database(legacy.url)


def test_a_connection_that_would_merge_texts_is_refused(mariadb: DatabaseServer, monkeypatch: Any) -> None:
    legacy = on_server(mariadb, "first", SMALL, defects=False)
    monkeypatch.setattr("repos.legacy.connection.SESSION_SETTINGS", "SET NAMES latin1")

    with pytest.raises(SourceError) as refused:
        scan(legacy)

    assert refused.value.code == "source_charset"
    mariadb.drop_database(legacy.url)


def test_a_server_that_vanishes_ends_the_scan_with_one_sentence(mariadb: DatabaseServer) -> None:
    legacy = on_server(mariadb, "fifth", Size(20, versions=20), defects=False)
    name = legacy.url.rpartition("/")[2].partition("?")[0]
    # More than the buffers of the connection hold: the server is lost while it sends.
    mariadb.execute(f"UPDATE `{name}`.script_versions SET content = REPEAT('A line of some text.\n', 4000)")

    def vanish(table: str, _rows: int) -> None:
        if table != "script_versions":
            return
        for (number,) in mariadb.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
            try:
                mariadb.execute(f"KILL {number}")
            except pymysql.Error:
                continue

    with pytest.raises(SourceError) as lost:
        scan(legacy, progress=vanish)

    assert lost.value.code == "source_lost"
    mariadb.drop_database(legacy.url)


def test_a_decision_of_the_mapping_replaces_the_default(tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", "fifth", SMALL)
    with open_source(legacy.url) as source:
        mapping = draft(read_catalog(source)).mapping
    decided = msgspec.structs.replace(
        mapping, decisions={"L14": "report", "L30": "quarantine", "L02": "repair", "L10": "repair"}
    )

    assert {"L02", "L10", "L14", "L30"} == set(scan(legacy).findings.blocking)
    assert scan(legacy, mapping=decided).findings.blocking == []


def test_hours_that_a_zone_skips_or_repeats_are_found(tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", "first", SMALL, defects=False)
    with open_source(legacy.url) as source:
        mapping = draft(read_catalog(source)).mapping
    scripts = mapping.tables["scripts"]
    rule = msgspec.structs.replace(scripts.columns["created_at"], time_zone="America/Chicago")
    tables = {
        **mapping.tables,
        "scripts": msgspec.structs.replace(scripts, columns={**scripts.columns, "created_at": rule}),
    }
    with sqlite3.connect(tmp_path / "legacy.db") as connection:
        connection.execute("UPDATE scripts SET created_at = '2022-03-13 02:30:00' WHERE id = 2")
        connection.execute("UPDATE scripts SET created_at = '2022-11-06 01:30:00' WHERE id = 3")
    connection.close()

    found = places(scan(legacy, mapping=msgspec.structs.replace(mapping, tables=tables)))

    assert found == {Expected("L08", "scripts", key) for key in (None, "2", "3")}


def test_hashes_are_keyed_and_equal_values_have_equal_hashes(tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", "sixth", SMALL)

    first, second = scan(legacy), scan(legacy)

    hashes = [{each.hash for each in scanned.findings.kept() if each.hash} for scanned in (first, second)]
    assert hashes[0]
    assert not hashes[0] & hashes[1]


def test_the_headline_names_what_was_lost_and_where_it_still_is(tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", "fifth", SMALL)

    [loss] = scan(legacy).losses

    assert (loss.lines, loss.last_good, loss.restored) == (99, "version 1", "version 3")
    assert loss.at == "2023-01-02"


def checksums(server: DatabaseServer, legacy: LegacyDatabase) -> list[tuple[Any, ...]]:
    name = legacy.url.rpartition("/")[2].partition("?")[0]
    tables = [table for (table,) in server.execute(f"SHOW TABLES FROM `{name}`")]
    return [row for table in tables for row in server.execute(f"CHECKSUM TABLE `{name}`.`{table}`")]
