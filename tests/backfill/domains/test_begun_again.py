"""Numbers of saves that began again, as after a restore: the saves come over and are scanned by their times."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.runs.scan.scan import Scan
from backfill.scanning.finding import Finding
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import TABLES, ScriptDatabase, add_script, everything_is_counted, lines
from tests.materialization.writer import Clock

NUMBERS = [1, 2, 3, 4, 1, 2, 3, 5]
FIRST_AT = 1_612_000_000_000
DAY = 86_400_000


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    """Eight saves, a day after each other, each a line longer; the times are milliseconds since 1970."""
    table = (
        "CREATE TABLE script_versions (id INTEGER PRIMARY KEY, scriptId INTEGER, versionNumber INTEGER, content TEXT,\n"
    )
    tables = TABLES.replace(f"{table}  createdAt TEXT", f"{table}  createdAt INTEGER")
    assert tables != TABLES
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), tables)
    add_script(legacy)
    for place, number in enumerate(NUMBERS):
        # The keys are in no order.
        content = lines(*(f"Line {line}." for line in range(place + 1)))
        legacy.add("script_versions", (place * 5 % 8 + 1, 7, number, content, FIRST_AT + place * DAY))
    return legacy


def order_findings(legacy: ScriptDatabase) -> list[Finding]:
    return [each for each in legacy.findings() if each.code in {"L02", "L03", "L09", "L37"}]


def test_saves_come_over_in_the_order_of_their_times(legacy: ScriptDatabase) -> None:
    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert [number for number, _ in legacy.saves(7)] == NUMBERS
    assert [len(legacy.texts(7, version)) for _, version in legacy.saves(7)] == [*range(1, 9)]
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_a_scan_names_where_they_begin_again(legacy: ScriptDatabase) -> None:
    found = order_findings(legacy)

    assert [(each.code, each.key, each.decision) for each in found] == [("L02", str(4 * 5 % 8 + 1), "repair")]
    assert "begin again" in found[0].note


def test_two_saves_with_one_number_at_different_times_are_in_an_order(legacy: ScriptDatabase) -> None:
    legacy.sql(
        "DELETE FROM script_versions WHERE createdAt > (SELECT MIN(createdAt) + 4 * 86400000 FROM script_versions)"
    )
    legacy.sql("UPDATE script_versions SET versionNumber = 4 WHERE versionNumber = 1 AND id <> 1")

    found = order_findings(legacy)

    assert [(each.code, each.decision, each.note) for each in found] == [
        ("L02", "repair", "the later one becomes the next version")
    ]


def test_the_day_of_a_loss_is_known_where_times_are_numbers(legacy: ScriptDatabase) -> None:
    legacy.sql("DELETE FROM script_versions WHERE id NOT IN (1, 6)")
    legacy.sql(f"UPDATE script_versions SET content = '{lines(*map(str, range(50)))}' WHERE id = 1")

    with open_source(f"sqlite:///{legacy.file}") as source:
        catalog = read_catalog(source)
        scanned = Scan(source, catalog, legacy.mapping(catalog)).run()

    assert [loss.at for loss in scanned.losses] == ["2021-01-31"]
    assert scanned.saves_by_day == {"2021-01-30": 1, "2021-01-31": 1}
