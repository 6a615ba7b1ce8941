"""Lines that the application marked as deleted are in no text: counted, found, and kept as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.content.linked_lines import past_deleted
from backfill.content.refusals import LinksBroken
from backfill.domains.base import Counts
from backfill.mapping.model import ColumnRule
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, everything_is_counted
from tests.backfill.domains.test_histories_as_lines import SCRIPTS
from tests.materialization.writer import Clock

ALL = ("previous", "next")
# Rows are id, line before, line after, text, whether it is deleted; 2 is deleted, and the text is A, C.
OUT_OF_THE_LIST = [(1, None, 3, "A", 0), (2, 1, 3, "B", 1), (3, 1, None, "C", 0)]
STILL_IN_THE_LIST = [(1, None, 2, "A", 0), (2, 1, 3, "B", 1), (3, 2, None, "C", 0)]
SEVERAL = [(1, None, 2, "A", 0), (2, 1, 4, "B", 1), (4, 2, 5, "B2", 1), (5, 4, 3, "B3", 1), (3, 5, None, "C", 0)]
FIRST = [(2, None, 1, "B", 1), (1, 2, 3, "A", 0), (3, 1, None, "C", 0)]
LAST = [(1, None, 3, "A", 0), (3, 1, 2, "C", 0), (2, 3, None, "B", 1)]
LISTS = {"out": OUT_OF_THE_LIST, "still in": STILL_IN_THE_LIST, "several": SEVERAL, "first": FIRST, "last": LAST}
FLAGS = {
    "deleted INTEGER": (0, 1),
    "isDeleted BOOLEAN": (None, 1),
    "is_removed TINYINT(1)": (0, 1),
    "deleted_at TEXT": (None, DAY.format(3)),
    "deletedAt DATETIME": ("0000-00-00 00:00:00", DAY.format(3)),
    "trashed_at BIGINT": (0, 1_612_000_000_000),
    "status VARCHAR(20)": ("active", "deleted"),
    "state TEXT": (None, "DELETED"),
    "deleted BIT(1)": (0, 1),
}


def database(folder: Path, ledger: UnitOfWork, flag: str, *columns: str) -> ScriptDatabase:
    shape = ", ".join(
        (
            "id INTEGER PRIMARY KEY",
            "script_id INTEGER",
            "previous INTEGER",
            "next INTEGER",
            "content TEXT",
            flag,
            *columns,
        )
    )
    return ScriptDatabase(folder, ledger, Clock(), f"{SCRIPTS}CREATE TABLE script_lines ({shape});")


def add(legacy: ScriptDatabase, rows: list[tuple[Any, ...]], flags: tuple[Any, Any] = (0, 1), *more: Any) -> None:
    legacy.add("script_lines", *((line, 7, *links, text, flags[gone], *more) for line, *links, text, gone in rows))


def marked(legacy: ScriptDatabase) -> list[tuple[str | None, str, str]]:
    return [(each.key, each.decision, each.note) for each in legacy.findings() if each.code == "L18"]


@pytest.mark.parametrize("rows", LISTS.values(), ids=LISTS)
def test_deleted_lines_are_not_in_the_text(tmp_path: Path, ledger: UnitOfWork, rows: list[tuple[Any, ...]]) -> None:
    legacy = database(tmp_path, ledger, "deleted INTEGER")
    add(legacy, rows)
    gone = sum(row[-1] for row in rows)

    counts = legacy.run()

    assert legacy.texts(7) == ["A", "C"]
    assert counts["script_lines"] == Counts(migrated=2, skipped=gone)
    assert everything_is_counted(legacy, counts)
    assert legacy.differences() == []
    assert [each.code for each in legacy.findings() if each.code == "L43"] == []
    assert [key for key, *_ in marked(legacy)] == [str(row[0]) for row in sorted(rows) if row[-1]]
    assert legacy.run() == counts
    certificate = legacy.certificate()
    assert certificate.certified
    assert [table.name for table in certificate.tables if "marked as deleted" in table.reason] == ["script_lines"]


@pytest.mark.parametrize(("flag", "values"), FLAGS.items(), ids=FLAGS)
def test_a_deletion_is_recognised_by_the_usual_columns(
    tmp_path: Path, ledger: UnitOfWork, flag: str, values: tuple[Any, Any]
) -> None:
    legacy = database(tmp_path, ledger, flag)
    add(legacy, STILL_IN_THE_LIST, values)

    counts = legacy.run()

    assert legacy.texts(7) == ["A", "C"]
    assert counts["script_lines"] == Counts(migrated=2, skipped=1)
    assert marked(legacy) == [("2", "repair", "")]


def test_a_deleted_line_is_kept_whole(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = database(tmp_path, ledger, "deleted INTEGER", "note TEXT")
    add(legacy, STILL_IN_THE_LIST, (0, 1), "x")
    legacy.run()

    with ledger.reading() as tx:
        kept = tx.legacy_rows.find("script_lines", ["[1]", "[2]"])

    assert json.loads(kept["[2]"]) == {
        "id": 2, "script_id": 7, "previous": 1, "next": 3, "content": "B", "deleted": 1, "note": "x",
    }  # fmt: skip
    assert "content" not in json.loads(kept["[1]"])


def test_a_script_whose_lines_are_all_deleted_has_no_lines(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = database(tmp_path, ledger, "deleted INTEGER", "revision INTEGER")
    add(legacy, [(1, None, 2, "A", 0), (2, 1, None, "B", 0)], (0, 1), 1)
    add(legacy, [(3, None, 4, "A", 1), (4, 3, None, "B", 1)], (0, 1), 2)

    counts = legacy.run()

    assert (legacy.texts(7, 2), legacy.texts(7)) == (["A", "B"], [])
    assert everything_is_counted(legacy, counts)
    assert legacy.differences() == []
    assert legacy.certificate().certified


def test_deleted_lines_of_a_script_that_is_set_aside_are_counted(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = database(tmp_path, ledger, "deleted INTEGER")
    add(legacy, STILL_IN_THE_LIST)
    legacy.sql("UPDATE scripts SET user_id = 9")

    counts = legacy.run()

    assert counts["script_lines"] == Counts(quarantined=2, skipped=1)
    assert everything_is_counted(legacy, counts)


@pytest.mark.parametrize(
    ("flag", "values", "rule"),
    [
        ("deleted INTEGER", (0, 1), ColumnRule(drop="not needed")),
        ("is_deleted TEXT", ("N", "Y"), ColumnRule(keep=True)),
        ("status TEXT", ("draft", "Removed "), ColumnRule(drop="not needed")),
        ("deleted_at TEXT", (None, DAY.format(3)), ColumnRule(drop="not needed")),
    ],
)
def test_a_deletion_that_the_mapping_does_not_use_is_a_finding(
    tmp_path: Path, ledger: UnitOfWork, flag: str, values: tuple[Any, Any], rule: ColumnRule
) -> None:
    legacy = database(tmp_path, ledger, flag)
    add(legacy, STILL_IN_THE_LIST, values)
    columns = {name: ColumnRule(to=name) for name in ("id", "script_id", "previous", "next", "content")}
    legacy.change_rule("script_lines", columns={**columns, flag.split(maxsplit=1)[0]: rule})

    [(key, decision, note)] = marked(legacy)

    assert (key, decision) == ("2", "report")
    assert "map the column to `deleted`" in note


@pytest.mark.parametrize("links", [{"next": (2, 3, None)}, {"previous": (None, 1, 2)}, {"position": (1, 2, 3)}])
def test_one_link_or_a_place_is_enough(tmp_path: Path, ledger: UnitOfWork, links: dict[str, tuple[Any, ...]]) -> None:
    [(name, values)] = links.items()
    table = (
        f"CREATE TABLE script_lines (id INTEGER PRIMARY KEY, script_id INTEGER, content TEXT, {name} INTEGER, d INT);"
    )
    legacy = ScriptDatabase(tmp_path, ledger, Clock(), SCRIPTS + table)
    legacy.add("script_lines", *((line, 7, f"{line}", values[line - 1], line == 2) for line in (1, 2, 3)))
    columns = {each: ColumnRule(to=each) for each in ("id", "script_id", "content", name)}
    columns["d"] = ColumnRule(to="deleted")
    legacy.change_rule("script_lines", becomes="lines", history="linked_lines", columns=columns)

    counts = legacy.run()

    assert legacy.texts(7) == ["1", "3"]
    assert everything_is_counted(legacy, counts)


def test_deleted_lines_that_run_in_a_circle_are_refused_if_a_line_leads_there() -> None:
    assert past_deleted({1: None, 2: 3, 3: 2}, {2, 3}) == {1: None}
    with pytest.raises(LinksBroken):
        past_deleted({1: 2, 2: 3, 3: 2}, {2, 3})


def test_many_deleted_lines_are_passed_once() -> None:
    size = 100_000
    neighbours = {key: key + 1 for key in range(size)} | {size: None} | {-key: 0 for key in range(1, size)}

    found = past_deleted(neighbours, frozenset(range(size)))

    assert set(found.values()) == {size, None}
