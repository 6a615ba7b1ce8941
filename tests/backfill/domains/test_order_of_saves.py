"""Saves without a number come over in the order in which they were written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import ScriptDatabase, add_script, lines
from tests.materialization.writer import Clock

COLUMNS = "id INTEGER PRIMARY KEY, scriptId INTEGER, content TEXT, createdAt TEXT"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    legacy = ScriptDatabase(tmp_path, ledger, Clock())
    legacy.sql("DROP TABLE script_versions", f"CREATE TABLE script_versions ({COLUMNS})")
    add_script(legacy, createdAt="2020-01-01 00:00:00")
    drafted = legacy.mapped

    def mapped(mapping):  # type: ignore[no-untyped-def]
        rule = drafted(mapping).tables["script_versions"]
        columns = {
            "id": "id",
            "scriptId": "script_id",
            "content": "content",
        }
        rules = {name: replace(rule.columns[name], to=field, keep=False) for name, field in columns.items()}
        rules["createdAt"] = replace(rule.columns["createdAt"], to="created_at", keep=False, time_zone="Europe/Berlin")
        changed = replace(rule, becomes="versions", history="full_saves", columns=rules)
        return replace(mapping, tables={**mapping.tables, "script_versions": changed})

    legacy.mapped = mapped
    return legacy


def add(legacy: ScriptDatabase, *times: str) -> None:
    for number, at in enumerate(times, 1):
        legacy.add("script_versions", (number, 7, lines(f"Save {number}."), at))


def texts(legacy: ScriptDatabase) -> list[str]:
    return [legacy.texts(7, version)[0] for _, version in legacy.saves(7)]


def test_saves_of_one_second_come_in_the_order_of_their_keys(legacy: ScriptDatabase) -> None:
    add(legacy, *["2021-02-01 10:00:00"] * 12)

    legacy.run()

    assert texts(legacy) == [f"Save {number}." for number in range(1, 13)]
    assert legacy.differences() == []


def test_saves_in_an_hour_that_came_twice_come_in_the_order_of_their_keys(legacy: ScriptDatabase) -> None:
    clock = ["01:50", "02:10", "02:50", "02:05", "02:40", "03:01"]
    add(legacy, *(f"2025-10-26 {each}:00" for each in clock))

    legacy.run()

    assert texts(legacy) == [f"Save {number}." for number in range(1, 7)]
    with legacy.unit_of_work.reading() as tx:
        times = [save.saved_at for _, save in tx.legacy_versions.read(7)]
    folds = (0, 0, 0, 1, 1, 0)
    assert times == [
        int(datetime.fromisoformat(f"2025-10-26 {at}:00").replace(tzinfo=BERLIN, fold=fold).timestamp()) * 1_000_000
        for at, fold in zip(clock, folds, strict=True)
    ]
    assert legacy.differences() == []


def test_a_save_that_was_added_late_keeps_the_first_of_two_hours(legacy: ScriptDatabase) -> None:
    add(legacy, "2025-12-01 10:00:00", "2025-10-26 02:10:00")

    legacy.run()

    assert texts(legacy) == ["Save 2.", "Save 1."]


def test_a_scan_names_what_saves_without_a_number_lost_by_their_rows(legacy: ScriptDatabase) -> None:
    long = lines(*(f"Line {number}." for number in range(20)))
    times = ["2021-02-01 12:00:00", "2021-02-01 10:00:00", "2021-02-01 11:00:00"]  # the last one is the first row
    for number, (content, at) in enumerate(zip([long, long, lines("One.")], times, strict=True), 1):
        legacy.add("script_versions", (number, 7, content, at))

    [note] = [each.note for each in legacy.findings() if each.code == "L37"]

    assert note == "19 of 20 lines lost; row 2 of script_versions has them, and row 1 of script_versions again"
