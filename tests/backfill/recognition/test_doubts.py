"""Doubts about a source: what cannot be read or relied on, each with a code."""

from __future__ import annotations

from dataclasses import replace

from backfill.recognition.doubts import doubts
from repos.legacy.catalog import Column, ForeignKey, Table
from tests.backfill.catalogs import catalog_of, table_of


def codes(*tables: Table) -> list[tuple[str, bool]]:
    return [(doubt.code, doubt.blocks) for doubt in doubts(catalog_of(*tables))]


def test_a_whole_source_has_none():
    users = table_of("Users", {"id": "int"}, engine="InnoDB")
    scripts = table_of("scripts", {"id": "int"}, foreign_keys=(ForeignKey(("id",), "users", ("id",)),))
    assert codes(users, scripts) == []


def test_what_cannot_be_read_blocks_unless_it_is_a_view():
    assert codes(table_of("t", {}, problem="crashed")) == [("unreadable_table", True)]
    assert codes(table_of("v", {}, problem="broken", is_view=True)) == [("unreadable_table", False)]


def test_a_reference_to_a_missing_table_and_a_placeholder_view_are_signs_of_a_half_loaded_dump():
    assert codes(table_of("t", {"id": "int"}, foreign_keys=(ForeignKey(("id",), "gone", ("id",)),))) == [
        ("half_loaded", True)
    ]
    placeholder = Table("v", (Column("email", "int(1)", "integer", nullable=False, default="0"),), is_view=True)
    real = Table("w", (Column("email", "varchar(9)", "text", nullable=True),), is_view=True)
    assert codes(placeholder, real) == [("half_loaded", True)]


def test_what_cannot_be_relied_on_is_named():
    assert codes(
        table_of("a", {"id": "int"}, key=()),
        table_of("b", {"id": "int"}, engine="MyISAM"),
        table_of("c", {"id": "int", "place": "point"}),
    ) == [("no_key", False), ("no_snapshot", False), ("unknown_type", False)]


def test_a_ledger_of_ours_is_distinguished_from_a_legacy_database():
    ours = [table_of(name, {"id": "int"}) for name in ("script_heads", "script_keyframes", "submission_inbox", "users")]
    assert codes(*ours) == [("own_ledger", True)]
    assert codes(*ours[1:]) == []


def test_an_account_that_sees_single_tables_makes_the_source_incomplete():
    catalog = replace(catalog_of(table_of("users", {"id": "int"})), sees_all=False)

    assert [(doubt.code, doubt.blocks) for doubt in doubts(catalog)] == [("partial_grants", True)]
    assert "1 table " in doubts(catalog)[0].sentence
