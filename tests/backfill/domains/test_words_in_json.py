"""Who wrote a save, in a member of a column of JSON, and by address: blame, the scan and the certificate know it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.mapping.fit import problems
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, add_script, everything_is_counted, lines
from tests.materialization.writer import Clock

METAS: list[Any] = [
    '{"edit": {"source": "assistant", "model": "m-1"}}',
    '{"edit": {"source": "Human"}}',
    '{"client": "web"}',
    None,
    '{"edit": {"source": "robot"}}',
    "not JSON",
]


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    legacy = ScriptDatabase(tmp_path, ledger, Clock())
    legacy.sql(
        "ALTER TABLE script_versions ADD COLUMN meta TEXT", "ALTER TABLE script_versions ADD COLUMN savedBy TEXT"
    )
    legacy.change_column(
        "script_versions", "meta", to="author", member="edit.source", values={"assistant": "ai", "human": "user"}
    )
    add_script(legacy)
    for number, meta in enumerate(METAS, 1):
        saved_by = " Ada@example.com" if number != 2 else "ben@example.com"
        row = (number, 7, number, lines(f"Save {number}."), DAY.format(number), meta, saved_by)
        legacy.add("script_versions", row)
    return legacy


def test_the_member_says_who_wrote_each_save_and_the_column_is_kept(legacy: ScriptDatabase) -> None:
    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    saves = {number: author for _, _, number, author, _ in legacy.origins(7) if number is not None}
    assert {actor for _, _, number, _, actor in legacy.origins(7) if number == 1} == {"Ada@example.com"}
    assert saves == {1: "ai", 2: "user", 3: "user", 4: "user", 5: "user", 6: "user"}
    with legacy.unit_of_work.reading() as tx:
        kept = tx.legacy_rows.find("script_versions", [f"[{number}]" for number in range(1, 7)])
    assert [json.loads(kept.get(f"[{number}]", "{}")).get("meta") for number in range(1, 7)] == METAS
    assert legacy.differences() == []
    assert legacy.certificate().problems == []


def test_a_scan_names_other_words_and_other_writers(legacy: ScriptDatabase) -> None:
    found = [(each.code, each.key) for each in legacy.findings() if each.code in {"L24", "L27"}]

    assert found == [("L24", "2"), ("L24", "5"), ("L24", "6"), ("L27", "2")]


def test_a_member_is_of_words_only(legacy: ScriptDatabase) -> None:
    legacy.change_column("script_versions", "savedBy", to="actor", member="id")

    with open_source(f"sqlite:///{legacy.file}") as source:
        catalog = read_catalog(source)
        found = problems(legacy.mapping(catalog), catalog)

    assert [(each.code, each.where) for each in found] == [("wrong_rule", "script_versions.savedBy")]
