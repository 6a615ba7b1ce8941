"""Scripts that share an id, or have none, are set aside with their saves; all others come over."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.checks.registry import CHECKS
from backfill.domains.base import Counts
from backfill.mapping.draft import draft
from backfill.runs.scan.scan import Scan
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import (
    TABLES,
    ScriptDatabase,
    add_saves,
    everything_is_counted,
    lines,
)
from tests.materialization.writer import Clock

WITHOUT_KEY = TABLES.replace("scripts (id INTEGER PRIMARY KEY", "scripts (id INTEGER")
OTHER_KEY = TABLES.replace("scripts (id INTEGER PRIMARY KEY", "scripts (id INTEGER").replace(
    "deletedAt TEXT);", "deletedAt TEXT, serial INTEGER PRIMARY KEY);", 1
)


@pytest.fixture(params=[WITHOUT_KEY, OTHER_KEY], ids=["no key", "another key"])
def legacy(request: pytest.FixtureRequest, tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    return ScriptDatabase(tmp_path, ledger, Clock(), request.param)


def add(legacy: ScriptDatabase, script_id: int | None, title: str) -> None:
    shown = "NULL" if script_id is None else str(script_id)
    legacy.sql(
        f"INSERT INTO scripts (id, userId, title, createdAt) VALUES ({shown}, 1, '{title}', '2021-01-01 09:00:00')"
    )


def test_scripts_with_one_id_are_set_aside_and_the_rest_comes_over(legacy: ScriptDatabase) -> None:
    for script_id, title in ((7, "The Ferry"), (8, "One"), (8, "Two"), (9, "The Pier"), (8, "Three")):
        add(legacy, script_id, title)
    add_saves(legacy, lines("Ferry."))
    add_saves(legacy, lines("Of one of them."), script_id=8)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["scripts"] == Counts(migrated=2, quarantined=3)
    assert counts["script_versions"] == Counts(migrated=1, quarantined=1)
    aside = [(row.source_table, row.code) for row in legacy.quarantined()]
    assert sorted(aside) == [("script_versions", "L40"), *[("scripts", "L40")] * 3]
    assert legacy.texts(7) == ["Ferry."]
    assert legacy.texts(9) == []
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_each_script_with_a_shared_id_is_named_once(tmp_path: Path, ledger: UnitOfWork) -> None:
    tables = TABLES.replace("scripts (id INTEGER PRIMARY KEY", "scripts (tenant INTEGER, id INTEGER").replace(
        "deletedAt TEXT);", "deletedAt TEXT, PRIMARY KEY (tenant, id));", 1
    )
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), tables)
    # The second has no owner as well, and the third is alone.
    for tenant, script_id, owner in ((1, 8, 1), (2, 8, None), (2, 9, 1)):
        row = (tenant, script_id, owner, "One", "draft", "FADE IN:", *["2021-01-01 09:00:00"] * 2, 1, None)
        legacy.add("scripts", row)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["scripts"] == Counts(migrated=1, quarantined=2)
    assert sorted((row.named_key, row.code) for row in legacy.quarantined()) == [("[1,8]", "L40"), ("[2,8]", "L40")]
    assert legacy.certificate().problems == []


def test_scripts_without_an_id_are_set_aside(legacy: ScriptDatabase) -> None:
    for script_id, title in ((None, "One"), (7, "The Ferry"), (None, "Two")):
        add(legacy, script_id, title)
    legacy.add("script_versions", (1, None, 1, lines("Of no script."), "2021-02-01 10:00:00"))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["scripts"] == Counts(migrated=1, quarantined=2)
    assert counts["script_versions"] == Counts(quarantined=1)
    assert legacy.differences() == []


def test_a_scan_names_them(legacy: ScriptDatabase) -> None:
    for script_id, title in ((7, "The Ferry"), (8, "One"), (8, "Two")):
        add(legacy, script_id, title)
    with open_source(f"sqlite:///{legacy.file}") as source:
        catalog = read_catalog(source)
        found = Scan(source, catalog, draft(catalog).mapping).run().findings.kept()

    shared = [each for each in found if each.code == "L40" and each.note == "2 scripts have this id"]
    assert [(each.table, each.column, each.decision) for each in shared] == [("scripts", "id", "quarantine")] * 2
    assert len({each.key for each in shared}) == (2 if "serial" in catalog.tables["scripts"].names else 1)
    assert "L40" in CHECKS
