"""Lines as rows come over: in the order of their links, each with its id; a list that is none is set aside whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backfill.domains.base import Counts
from backfill.mapping.model import ColumnRule, RowDecision
from materialization.history.state_at import state_at
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, everything_is_counted
from tests.materialization.writer import Clock

SCRIPTS = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);
INSERT INTO users VALUES (1, 'ada@example.com', '2020-01-01 00:00:00');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT, created_at TEXT, updated_at TEXT);
INSERT INTO scripts VALUES (7, 1, 'The Ferry', '2021-02-01 10:00:00', '2021-02-09 10:00:00');
"""
LINES = """
CREATE TABLE script_lines (id INTEGER PRIMARY KEY, script_id INTEGER, previous INTEGER, next INTEGER, format TEXT,
  content TEXT, created_at TEXT);
"""
IN_ORDER = [(30, None, 10, "header", "INT. FERRY"), (10, 30, 20, "action", "Fog. 🌫️"), (20, 10, None, "dialog", "Yes.")]


def database(folder: Path, ledger: UnitOfWork, tables: str) -> ScriptDatabase:
    return ScriptDatabase(folder, ledger, Clock(), SCRIPTS + tables)


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    return database(tmp_path, ledger, LINES)


def add_lines(legacy: ScriptDatabase, *rows: tuple[Any, ...], script: int = 7) -> None:
    for line_id, previous, following, form, text in rows:
        legacy.add("script_lines", (line_id, script, previous, following, form, text, DAY.format(2)))


def test_lines_come_in_the_order_of_their_links_with_their_ids(legacy: ScriptDatabase) -> None:
    add_lines(legacy, *IN_ORDER)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_lines"] == Counts(migrated=3)
    with legacy.unit_of_work.reading() as tx:
        found = [(line.id, line.format, line.text) for line in state_at(tx, 7).lines()]
    assert found == [
        ("30", "scene_heading", "INT. FERRY"),
        ("10", "action", "Fog. 🌫️"),
        ("20", "dialogue", "Yes."),
    ]
    assert legacy.differences() == []
    assert legacy.run() == counts


BROKEN = {
    "circle": [(1, 2, 2, "a", "x"), (2, 1, 1, "a", "y")],
    "circle of its own": [*IN_ORDER, (1, 2, 2, "a", "x"), (2, 1, 1, "a", "y")],
    "missing": [(1, None, 2, "a", "x"), (2, 1, 9, "a", "y")],
    "two successors": [(1, None, 2, "a", "x"), (2, 1, None, "a", "y"), (3, 1, None, "a", "z")],
    "two first lines": [(1, None, None, "a", "x"), (2, None, None, "a", "y")],
    "itself": [(1, 1, 1, "a", "x")],
}


@pytest.mark.parametrize("rows", BROKEN.values(), ids=BROKEN)
def test_links_that_form_no_list_are_set_aside_line_by_line(
    legacy: ScriptDatabase, rows: list[tuple[Any, ...]]
) -> None:
    legacy.sql("INSERT INTO scripts SELECT 8, 1, 'Whole', created_at, updated_at FROM scripts")
    add_lines(legacy, (90, None, None, "action", "Whole."), script=8)
    add_lines(legacy, *rows)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_lines"] == Counts(migrated=1, quarantined=len(rows))
    assert {row.code for row in legacy.quarantined()} == {"L43"}
    assert {row.source_key for row in legacy.quarantined()} == {f"[{row[0]}]" for row in rows}
    assert (legacy.texts(7), legacy.texts(8)) == ([], ["Whole."])
    assert legacy.differences() == []


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("next INTEGER", [(1, 3), (2, 0), (3, 2)]),
        ("previous TEXT", [(1, ""), (2, "3"), (3, "1")]),
        ("position REAL", [(1, 0.5), (2, 12), (3, 2.25)]),
        ("position TEXT", [(1, "0.5"), (2, "12"), (3, "2.25")]),
    ],
)
def test_one_link_or_a_place_is_enough(
    tmp_path: Path, ledger: UnitOfWork, columns: str, rows: list[tuple[int, Any]]
) -> None:
    table = f"CREATE TABLE story_lines (id INTEGER PRIMARY KEY, script_id INTEGER, content TEXT, {columns});"
    legacy = database(tmp_path, ledger, table)
    name = columns.split(maxsplit=1)[0]
    to = {"id": "id", "script_id": "script_id", "content": "content", name: name}
    rules = {column: ColumnRule(to=field) for column, field in to.items()}
    legacy.change_rule("story_lines", becomes="lines", history="linked_lines", columns=rules)
    for line_id, value in rows:
        legacy.add("story_lines", (line_id, 7, f"Line {line_id}.", value))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert legacy.texts(7) == ["Line 1.", "Line 3.", "Line 2."]
    assert legacy.differences() == []


def test_formats_are_the_words_of_the_mapping(legacy: ScriptDatabase) -> None:
    add_lines(legacy, (1, None, 2, "Bild", "FÄHRE"), (2, 1, 3, "Sprecher", "ADA"), (3, 2, None, None, "Nebel."))
    names = ("id", "script_id", "previous", "next", "content")
    words = {"Bild": "scene_heading", "Sprecher": "character"}
    columns = {name: ColumnRule(to=name) for name in names} | {"format": ColumnRule(to="format", values=words)}
    legacy.change_rule("script_lines", columns={**columns, "created_at": ColumnRule(keep=True)})

    assert everything_is_counted(legacy, legacy.run())

    with legacy.unit_of_work.reading() as tx:
        assert [line.format for line in state_at(tx, 7).lines()] == ["scene_heading", "character", "action"]
    assert legacy.differences() == []


def test_each_revision_has_its_lines(tmp_path: Path, ledger: UnitOfWork) -> None:
    table = """CREATE TABLE script_lines (id INTEGER PRIMARY KEY, script_id INTEGER, revision_id INTEGER,
      previous INTEGER, next INTEGER, format TEXT, content TEXT, created_at TEXT);"""
    legacy = database(tmp_path, ledger, table)
    for row in [
        (1, 7, 1, None, 2, "action", "One.", DAY.format(1)),
        (2, 7, 1, 1, None, "action", "Two.", DAY.format(1)),
        (3, 7, 2, None, 4, "action", "One.", DAY.format(2)),
        (4, 7, 2, 3, None, "action", "Two, changed.", DAY.format(2)),
        (5, 7, 3, 6, 6, "action", "A circle.", DAY.format(3)),
        (6, 7, 3, 5, 5, "action", "A circle.", DAY.format(3)),
        (7, 7, 4, None, None, "action", "Last.", DAY.format(4)),
    ]:
        legacy.add("script_lines", row)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_lines"] == Counts(migrated=5, quarantined=2)
    found = [(number, legacy.texts(7, version)) for number, version in legacy.saves(7)]
    assert found == [(1, ["One.", "Two."]), (2, ["One.", "Two, changed."]), (4, ["Last."])]
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_a_line_that_changed_after_it_came_over_is_a_difference(legacy: ScriptDatabase) -> None:
    add_lines(legacy, *IN_ORDER)
    legacy.run()
    legacy.sql("UPDATE script_lines SET content = 'Another.' WHERE id = 10")

    assert {each.problem for each in legacy.differences()} == {"line 2 differs"}


def test_lines_of_a_script_that_is_set_aside_are_counted(legacy: ScriptDatabase) -> None:
    legacy.sql("UPDATE scripts SET user_id = 99")
    add_lines(legacy, *IN_ORDER)
    add_lines(legacy, (99, None, None, "action", "Orphan."), script=55)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_lines"] == Counts(quarantined=4)


@pytest.mark.parametrize(("decided", "aside"), [((10, 20), set()), ((10,), {"L12"}), ((7,), {"L12"})])
def test_lines_that_were_encoded_twice_are_decided_about_by_their_keys(
    legacy: ScriptDatabase, decided: tuple[int, ...], aside: set[str]
) -> None:
    add_lines(
        legacy, (30, None, 10, "header", "INT."), (10, 30, 20, "action", "CafÃ©."), (20, 10, None, "action", "Ã‰.")
    )
    accepted = [RowDecision(code="L12", key=(key,), do="accept", reason="asked") for key in decided]
    legacy.change_rule("script_lines", decisions=tuple(accepted))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert {row.code for row in legacy.quarantined()} == aside
    assert legacy.texts(7) == ([] if aside else ["INT.", "CafÃ©.", "Ã‰."])
    assert legacy.differences() == []
