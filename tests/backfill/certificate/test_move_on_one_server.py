"""Scripts, elements and personas between two schemas of one server, certified: types and collations of servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backfill.certificate.document import Certificate
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from materialization.clock import system_clock
from materialization.history.state_at import state_at
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.certificate.certifying import certified, latest, sentences
from tests.backfill.runs.backfill_setup import Backfill
from tests.services.databases import DatabaseServer

# Ids are compared without case by the server; dates are partly zero; a TIMESTAMP was written in another zone; latin1
# and utf8mb3 stand next to utf8mb4; a collation ignores accents; ids are unsigned, and one is beyond 2^53.
SOURCE = """
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '-06:00';
CREATE TABLE users (id BIGINT UNSIGNED PRIMARY KEY, email VARCHAR(190), created_at DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO users VALUES (1, 'ada@x.org', '2020-01-01'), (9007199254740993, 'far@x.org', '2020-01-01');
CREATE TABLE scripts (id VARCHAR(30) COLLATE utf8mb4_general_ci PRIMARY KEY, user_id BIGINT UNSIGNED,
  title VARCHAR(90) CHARACTER SET latin1, status VARCHAR(20), content MEDIUMTEXT, created_at TIMESTAMP NULL,
  updated_at DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO scripts VALUES ('ckAbc', 1, 'Die Fähre', 'draft', NULL, '2021-02-03 04:05:06', '0000-00-00 00:00:00'),
  ('ckdef', 1, 'Über', 'draft', 'INT. BAR - DAY\\n\\nShe waits 🎬.\\n', NULL, '2021-02-00 00:00:00'),
  ('ckghi', 9007199254740993, 'Far away', 'draft', NULL, '2021-02-03 04:05:06', NULL);
CREATE TABLE script_versions (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  script_id VARCHAR(30) COLLATE utf8mb4_general_ci, version_number INT UNSIGNED, content JSON, created_at DATETIME(3),
  KEY (script_id)) DEFAULT CHARSET=utf8mb4;
INSERT INTO script_versions VALUES
  (1, 'ckAbc', 1, '{"version":2,"lines":[{"id":"a","format":"action","content":"resume"}]}', '2021-02-03 10:05:06.001'),
  (2, 'ckAbc', 2, '{"version":2,"lines":[{"id":"a","format":"action","content":"résumé"}]}', '2021-02-03 10:05:06.002'),
  (3, 'ckAbc', 3, '{"version":2,"lines":[{"id":"a","format":"action","content":"Résumé 🎬"}]}', '0000-00-00 00:00:00'),
  (4, 'ckabc', 4, '{"version":2,"lines":[{"id":"a","format":"action","content":"other"}]}', '2021-02-04 00:00:00'),
  (5, 'ckghi', 1, '{"version":2,"lines":[]}', '2021-02-04 00:00:00'),
  (18446744073709551000, 'ckAbc', 5,
   '{"version":2,"lines":[{"id":"a","format":"action","content":"The end."}]}', '2021-02-05 00:00:00');
CREATE TABLE script_elements (id INT UNSIGNED PRIMARY KEY, script_id VARCHAR(30), type ENUM('beat','theme'),
  payload JSON, created_at TIMESTAMP NULL) DEFAULT CHARSET=utf8mb4;
INSERT INTO script_elements VALUES (1, 'ckAbc', 'beat', '{"text": "Ebb", "n": 1.0}', '2021-02-03 04:05:06'),
  (2, 'ckabc', 'theme', '{"text": "lost"}', '2021-02-03 04:05:06'), (4294967295, 'ckAbc', '', '{}', NULL);
CREATE TABLE personas (id INT UNSIGNED PRIMARY KEY, description TEXT CHARACTER SET utf8mb3, script_id VARCHAR(30),
  user_id BIGINT UNSIGNED, created_at DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO personas VALUES (1, 'A dry éditor.', 'ckAbc', 1, '2021-02-03 10:05:06'), (2, 'Alone.', NULL, 1, NULL);
"""
DECISIONS = '[decisions]\nL30 = "quarantine"\n'


@pytest.fixture(scope="module")
def backfill(mariadb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfill]:
    """The source brought over: both are schemas of one server."""
    source, target = mariadb.create_database(), mariadb.create_database()
    with (
        mariadb.connect(database=source.rpartition("/")[2].partition("?")[0]) as connection,
        connection.cursor() as cursor,
    ):
        for statement in SOURCE.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
    with open_engine(target) as engine:
        upgrade(engine)
        backfill = Backfill(Path(tmp_path_factory.mktemp("move")), UnitOfWork(engine), system_clock)  # type: ignore[arg-type]
        backfill.url = source
        with open_source(source) as opened:
            mapping = mapping_text(draft(read_catalog(opened))).replace("[decisions]\n", DECISIONS, 1)
        backfill.run(mapping=mapping)
        yield backfill
    for url in (source, target):
        mariadb.drop_database(url)


@pytest.fixture(scope="module")
def certificate(backfill: Backfill) -> Certificate:
    return certified(backfill)


def quarantined(backfill: Backfill) -> list[QuarantinedRow]:
    with backfill.unit_of_work.reading() as tx:
        return [each.row for each in tx.quarantined_rows.read(latest(backfill).id)]


@pytest.mark.services
def test_it_is_certified_and_each_row_has_its_fate(backfill: Backfill, certificate: Certificate) -> None:
    assert sentences(certificate) == []
    fates = {law.name: (law.rows, law.migrated + law.merged, law.quarantined) for law in certificate.tables}
    assert fates == {
        "users": (2, 1, 1),
        "scripts": (3, 2, 1),
        "script_versions": (6, 4, 2),
        "script_elements": (3, 2, 1),
        "personas": (2, 2, 0),
    }
    assert sorted((row.source_table, row.source_key, row.code) for row in quarantined(backfill)) == [
        ("script_elements", "[2]", "L05"),
        ("script_versions", "[4]", "L05"),
        ("script_versions", "[5]", "L05"),
        ("scripts", '["ckghi"]', "L05"),
        ("users", '[{"number":"9007199254740993"}]', "L40"),
    ]


@pytest.mark.services
def test_saves_that_a_collation_calls_equal_are_versions_of_their_own(backfill: Backfill) -> None:
    with backfill.unit_of_work.reading() as tx:
        script = tx.legacy_keys.find("scripts", ['["ckAbc"]'])['["ckAbc"]'].our_id
        saves = [save.version_number for _, save in tx.legacy_versions.read(script)]
        texts = [next(iter(state_at(tx, script, version).lines())).text for version in saves]
    assert texts == ["resume", "résumé", "Résumé 🎬", "The end."]


@pytest.mark.services
def test_times_and_titles_are_those_of_the_application(backfill: Backfill) -> None:
    with backfill.unit_of_work.reading() as tx:
        keys = tx.legacy_keys.find("scripts", ['["ckAbc"]', '["ckdef"]'])
        first, second = (tx.scripts.get(keys[name].our_id) for name in ('["ckAbc"]', '["ckdef"]'))
        entries = list(tx.commands.read(keys['["ckAbc"]'].our_id, upto=4))
    assert first is not None
    assert second is not None
    assert (first.title, second.title) == ("Die Fähre", "Über")
    # 04:05:06 six hours behind UTC.
    assert first.created_at == 1_612_346_706_000_000
    times = [entry.occurred_at for entry in entries]
    assert times == sorted(times)  # type: ignore[type-var]
    assert times[:3] == [1_612_346_706_000_000, 1_612_346_706_001_000, 1_612_346_706_002_000]
