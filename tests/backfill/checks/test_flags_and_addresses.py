"""A scan reads flags as the mapping does, and does not promise an address that the move would not give."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backfill.mapping.draft import draft
from backfill.mapping.model import ColumnRule, Mapping, RowDecision
from backfill.runs.scan.scan import Scan, Scanned
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source

ROWS = ((1, "one@example.org", 1), (2, "two@example.org", 0), (3, "no address", 1))


def scanned(file: Path, *, decisions: dict[str, Any] | None = None, **flag: Any) -> Scanned:
    with closing(sqlite3.connect(file)) as legacy:
        legacy.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(200), active INTEGER)")
        legacy.executemany("INSERT INTO users VALUES (?, ?, ?)", ROWS)
        legacy.commit()
    with open_source(f"sqlite:///{file}") as source:
        catalog = read_catalog(source)
        mapping: Mapping = draft(catalog).mapping
        users = mapping.tables["users"]
        columns = {**users.columns, "active": ColumnRule(**(flag or {"keep": True}))}
        rule = replace(users, columns=columns)
        return Scan(source, catalog, replace(mapping, tables={"users": rule}, decisions=decisions or {})).run()


@pytest.mark.parametrize(
    ("flag", "deleted"),
    [
        ({"to": "deleted", "values": {"0": "true"}, "others": "false"}, ["2"]),
        ({"to": "deleted", "values": {"1": "true", "0": "false"}}, ["1", "3"]),
        ({"to": "deleted"}, ["1", "3"]),
    ],
)
def test_a_row_is_deleted_if_the_mapping_says_so(tmp_path: Path, flag: dict[str, Any], deleted: list[str]) -> None:
    findings = scanned(tmp_path / "legacy.db", **flag).findings.kept()

    assert [each.key for each in findings if each.code == "L18"] == deleted


@pytest.mark.parametrize(("decisions", "wanted"), [({}, "quarantine"), ({"L29": "repair"}, "repair")])
def test_a_user_without_a_valid_address_is_set_aside_unless_the_mapping_repairs_it(
    tmp_path: Path, decisions: dict[str, Any], wanted: str
) -> None:
    findings = scanned(tmp_path / "legacy.db", decisions=decisions).findings.kept()

    assert [(each.key, each.decision) for each in findings if each.code == "L29"] == [("3", wanted)]


def test_a_table_without_a_known_shape_has_a_home_if_the_mapping_gives_it_one(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.execute("CREATE TABLE Benutzer (BenutzerNr INTEGER PRIMARY KEY, EMail VARCHAR(200), Farbe TEXT)")
        legacy.execute("CREATE TABLE Beleg (Nr INTEGER PRIMARY KEY, Betrag INTEGER)")
    with open_source(f"sqlite:///{tmp_path}/legacy.db") as source:
        catalog = read_catalog(source)
        findings = Scan(source, catalog, draft(catalog, {"Benutzer": "users"}).mapping).run().findings.kept()

    assert [(each.table, each.column) for each in findings if each.code == "L36"] == [
        ("Beleg", None),
        ("Benutzer", "Farbe"),
    ]


def test_a_text_that_is_kept_as_json_comes_over_as_it_is_unless_its_row_is_decided(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)")
        legacy.executemany("INSERT INTO notes VALUES (?, 'GrÃ¼ÃŸe')", [(1,), (2,)])
        legacy.commit()
    with open_source(f"sqlite:///{tmp_path}/legacy.db") as source:
        catalog = read_catalog(source)
        mapping = draft(catalog).mapping
        decided = RowDecision(code="L12", key=(2,), do="quarantine")
        rule = replace(mapping.tables["notes"], decisions=(decided,))
        mapping = replace(mapping, tables={"notes": rule}, decisions={"L12": "repair"})
        findings = Scan(source, catalog, mapping).run().findings.kept()

    assert [(each.key, each.decision) for each in findings if each.code == "L12"] == [
        ("1", "report"),
        ("2", "quarantine"),
    ]


def test_an_address_of_a_deleted_user_may_be_taken_again(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, deleted_at DATETIME)")
        rows = [
            (1, "ana@example.org", "2024-01-02 03:04:05"),
            (2, "Ana@example.org", None),
            (3, "ben@example.org", None),
            (4, "BEN@example.org", None),
            (5, "ben@example.org", "2024-01-02 03:04:05"),
        ]
        legacy.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)
        legacy.commit()
    with open_source(f"sqlite:///{tmp_path}/legacy.db") as source:
        catalog = read_catalog(source)
        scanned = Scan(source, catalog, draft(catalog).mapping).run()

    assert [each.key for each in scanned.findings.kept() if each.code == "L14"] == ["3", "4"]
