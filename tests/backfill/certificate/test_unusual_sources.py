"""A source of unusual tables on a server comes over, or is named row by row: keys, charsets, types and dates."""

from __future__ import annotations

from pathlib import Path

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from materialization.clock import system_clock
from materialization.history.state_at import state_at
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.certificate.certifying import certified, latest, sentences
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger
from tests.services.databases import DatabaseServer

# Keys with case, spaces and slashes, a partitioned table, MyISAM, an hour that no clock showed, zero and late dates,
# a text that was encoded twice, lost emoji, and types without a field of ours.
SOURCE = (
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
    "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(90), created_at TIMESTAMP NULL) ENGINE=MyISAM",
    "INSERT INTO users VALUES (1, 'ada@x.org', '2021-03-28 02:30:00'), (2, 'ben@x.org', '0000-00-00 00:00:00')",
    "CREATE TABLE scripts (id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, user_id INT, "
    "title VARCHAR(200) CHARACTER SET latin1, status ENUM('draft', 'complete'), flags SET('a', 'b'), locked BIT(1), "
    "meta JSON, created_at DATETIME, updated_at DATETIME, size INT GENERATED ALWAYS AS (LENGTH(title)) VIRTUAL) "
    "ENGINE=MyISAM",
    "INSERT INTO scripts (id, user_id, title, status, flags, locked, meta, created_at, updated_at) VALUES "
    "('Ab ', 1, 'One', 'draft', 'a,b', b'1', '{\"a\": [1, 2]}', '2021-03-28 02:30:00', '2021-04-01'), "
    "('🎬\"x`', 1, 'Two', '', '', b'0', NULL, '0000-00-00', '2021-00-00'), "
    "('C/d', 2, 'CafÃ©', 'complete', 'a', NULL, '[]', NULL, NULL)",
    "CREATE TABLE script_versions (script_id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, "
    "version_number INT, part VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, "
    "content MEDIUMTEXT CHARACTER SET utf8mb3, created_at DATETIME(6), PRIMARY KEY (script_id, version_number, part)) "
    "PARTITION BY KEY (script_id) PARTITIONS 3",
    "INSERT INTO script_versions VALUES ('ab', 2, 'p/1', 'Two.', '2021-03-28 02:30:00.000001'), "
    "('Ab ', 3, 'p/1', 'Three ???.', '9999-12-31 23:59:59'), ('Ab ', -7, 'p', 'Zero.', '2021-03-28 02:30:00.000001'), "
    "('🎬\"x`', 1, '', 'X', '2021-01-01'), ('🎬\"x`', 2, '', '<action>Y</action>', '2021-01-01'), "
    "('C/d', 1, 'a', 'Z', NULL)",
    "CREATE TABLE notes_log (a INT, b TEXT, d YEAR, e TIME(3), f DECIMAL(40, 10), g BIGINT UNSIGNED, h DOUBLE, "
    "i VARBINARY(9)) ENGINE=MyISAM",
    "INSERT INTO notes_log VALUES (1, 'x', 0, '-838:59:59.000', 12345678901234567890123456789.5, 18446744073709551615, "
    "1e308, x'00ff'), (1, 'x', 2155, NULL, NULL, 0, -0.0, NULL)",
)


def test_each_row_comes_over_or_is_named(mariadb: DatabaseServer, tmp_path: Path, empty_ledger: Path) -> None:
    url = mariadb.create_database()
    with mariadb.connect(database=url.rpartition("/")[2].partition("?")[0]) as connection:
        with connection.cursor() as cursor:
            for statement in SOURCE:
                cursor.execute(statement)
        connection.commit()
    with open_engine(copied_ledger(empty_ledger, tmp_path / "ledger.db")) as engine:
        backfill = Backfill(tmp_path, UnitOfWork(engine), system_clock)  # type: ignore[arg-type]
        backfill.url = url
        with open_source(url) as source:
            mapping = mapping_text(draft(read_catalog(source)))

        backfill.run(mapping=mapping)

        run = latest(backfill)
        with backfill.unit_of_work.reading() as tx:
            aside = sorted((each.row.source_key, each.row.code) for each in tx.quarantined_rows.read(run.id))
            saves = {
                row.title: [
                    (save.source_key, [line.text for line in state_at(tx, row.id, save.version_number).lines()])
                    for _, save in tx.legacy_versions.read(row.id)
                ]
                for row in tx.scripts.read(after=0, limit=9)
            }
        certificate = certified(backfill)
    mariadb.drop_database(url)
    # The application joins "ab" with "Ab " by its collation; the ledger compares bytes.
    assert aside == [('["C/d",1,"a"]', "L12"), ('["C/d"]', "L12"), ('["ab",2,"p/1"]', "L05")]
    assert saves == {
        "One": [("Ab /-7/p", ["Zero."]), ("Ab /3/p~11", ["Three ???."])],
        "Two": [('🎬"x`/1/', ["X"]), ('🎬"x`/2/', ["Y"])],
    }
    assert (certificate.certified, sentences(certificate)) == (True, [])
    assert all(table.holds for table in certificate.tables)
