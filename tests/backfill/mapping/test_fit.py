"""A mapping compared with a source: what is not mapped, not known or no longer fits, each named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from backfill.mapping.decisions.allowed_decisions import allowed_actions
from backfill.mapping.draft import draft
from backfill.mapping.fit import problems
from backfill.mapping.model import ColumnRule, Mapping, RowDecision, ShapeRule, TableRule, WriterRule
from backfill.mapping.table_schema import schema_of
from repos.legacy.catalog import Catalog, Column
from tests.backfill.catalogs import catalog_of, table_of

SCRIPTS = table_of(
    "scripts",
    {
        "id": "int",
        "title": "varchar(200)",
        "status": "varchar(20)",
        "deleted": "char(1)",
        "active": "tinyint(1)",
        "tags": "json null",
        "at": "datetime",
        "seen": "timestamp",
        "ms": "bigint",
        "place": "point",
    },
)
CATALOG = catalog_of(SCRIPTS)
RULES = {
    "id": ColumnRule(to="id"),
    "title": ColumnRule(to="title"),
    "status": ColumnRule(to="status", values={"wip": "in_progress"}),
    "deleted": ColumnRule(to="archived", values={"Y": "true", "N": "false"}),
    "tags": ColumnRule(to="metadata.tags"),
    "at": ColumnRule(to="created_at", time_zone="America/Chicago"),
    "seen": ColumnRule(to="updated_at"),
    "ms": ColumnRule(to="archived_at", unit="ms"),
    "place": ColumnRule(drop="never shown"),
    "active": ColumnRule(keep=True),
}


def mapping_of(changes: dict[str, ColumnRule | None] | None = None, **options: Any) -> Mapping:
    """The fitting mapping with other rules; None leaves a column out."""
    columns = {name: rule for name, rule in {**RULES, **(changes or {})}.items() if rule is not None}
    rule = TableRule(**{"becomes": "scripts", "schema": schema_of(SCRIPTS), "columns": columns, **options})
    return structs.replace(draft(CATALOG).mapping, tables={"scripts": rule})


def codes(mapping: Mapping, catalog: Catalog = CATALOG) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in problems(mapping, catalog)]


def test_a_fitting_mapping_has_no_problem():
    assert codes(mapping_of()) == []


def test_a_timestamp_may_hold_the_local_time_of_a_program_whose_connection_was_in_utc():
    local = WriterRule(time_zone="Europe/Berlin", before="2021-05-01")
    seen = ColumnRule(to="updated_at", time_zone="Europe/Paris", writers=(local,))
    assert codes(mapping_of({"seen": seen})) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"tags": None}, ("unmapped_column", "scripts.tags")),
        ({"gone": ColumnRule(to="content")}, ("no_such_column", "scripts.gone")),
        ({"TITLE": ColumnRule(drop="twice")}, ("no_such_column", "scripts.TITLE")),
        ({"tags": ColumnRule(to="tags")}, ("unknown_field", "scripts.tags")),
        ({"tags": ColumnRule(to="metadata.")}, ("unknown_field", "scripts.tags")),
        ({"tags": ColumnRule(to="metadata.Tags")}, ("unknown_field", "scripts.tags")),
        ({"tags": ColumnRule(to="metadata.owner")}, ("unknown_field", "scripts.tags")),
        ({"tags": ColumnRule(to="metadata.title")}, ("unknown_field", "scripts.tags")),
        ({"tags": ColumnRule(to="content", shape="word")}, ("unknown_shape", "scripts.tags")),
        ({"tags": ColumnRule(to="payload.tags")}, ("unknown_field", "scripts.tags")),
        ({"title": ColumnRule(drop="lost")}, ("missing_field", "scripts")),
        ({"tags": ColumnRule(to="title")}, ("field_twice", "scripts")),
        ({"place": ColumnRule(to="content")}, ("unknown_type", "scripts.place")),
        ({"tags": ColumnRule(to="version_number")}, ("wrong_type", "scripts.tags")),
        ({"at": ColumnRule(to="created_at")}, ("no_time_zone", "scripts.at")),
        ({"at": ColumnRule(to="created_at", time_zone="Mars/Olympus")}, ("unknown_time_zone", "scripts.at")),
        ({"at": ColumnRule(to="created_at", time_zone="+25:00")}, ("unknown_time_zone", "scripts.at")),
        ({"at": ColumnRule(to="created_at", time_zone="../etc")}, ("unknown_time_zone", "scripts.at")),
        ({"seen": ColumnRule(to="updated_at", time_zone="Mars/Olympus")}, ("unknown_time_zone", "scripts.seen")),
        ({"ms": ColumnRule(to="archived_at")}, ("no_unit", "scripts.ms")),
        ({"title": ColumnRule(to="title", time_zone="UTC")}, ("wrong_rule", "scripts.title")),
        ({"title": ColumnRule(to="title", values={"a": "b"})}, ("wrong_rule", "scripts.title")),
        ({"status": ColumnRule(to="status", values={"x": "lost"})}, ("unknown_word", "scripts.status")),
        ({"status": ColumnRule(to="status", others="lost")}, ("unknown_word", "scripts.status")),
        ({"status": ColumnRule(to="status", shape="plain")}, ("wrong_rule", "scripts.status")),
        ({"deleted": ColumnRule(to="archived")}, ("unmapped_value", "scripts.deleted")),
        ({"deleted": ColumnRule(to="archived", values={"Y": "yes"})}, ("unknown_word", "scripts.deleted")),
        ({"active": ColumnRule(to="archived"), "deleted": ColumnRule(keep=True)}, ("inverted_flag", "scripts.active")),
    ],
)
def test_each_rule_that_does_not_fit_is_named(changes: dict[str, ColumnRule | None], wanted: tuple[str, str]):
    if wanted[0] == "field_twice":
        assert wanted in codes(mapping_of(changes))
    else:
        assert codes(mapping_of(changes)) == [wanted]


@pytest.mark.parametrize(
    ("writer", "wanted"),
    [
        (WriterRule(time_zone="nowhere", whole_seconds=True), "unknown_time_zone"),
        (WriterRule(time_zone="UTC", before="spring"), "wrong_rule"),
        (WriterRule(time_zone="UTC", column="gone", equals=1), "no_such_column"),
    ],
)
def test_a_writer_is_checked_like_the_column(writer: WriterRule, wanted: str):
    rule = ColumnRule(to="created_at", time_zone="UTC", writers=(writer,))
    assert codes(mapping_of({"at": rule})) == [(wanted, "scripts.at")]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"becomes": "stories"}, ("unknown_target", "scripts")),
        ({"schema": "000000000000"}, ("schema_changed", "scripts")),
        ({"set": {"visibility": "x"}}, ("unknown_field", "scripts")),
        ({"set": {"title": "x"}}, ("field_twice", "scripts")),
        ({"shapes": (ShapeRule(key=(1,), shape="word"),)}, ("unknown_shape", "scripts")),
        ({"key_map": {"a": 1}}, ("wrong_rule", "scripts")),
        ({"patch_layout": "to_next"}, ("wrong_rule", "scripts")),
        ({"keys": "assigned", "key_map": {"a": 1, "b": 1}}, ("key_map", "scripts")),
        ({"keys": "assigned", "key_map": {"a": 0}}, ("key_map", "scripts")),
        ({"keys": "assigned", "key_map": {"a": 1 << 53}}, ("key_map", "scripts")),
        ({"key": ("gone",)}, ("no_such_column", "scripts.gone")),
    ],
)
def test_each_rule_of_a_table_that_does_not_fit_is_named(options: dict[str, Any], wanted: tuple[str, str]):
    assert wanted in codes(mapping_of(**options))


def test_tables_that_came_or_went_are_named():
    other = table_of("other", {"id": "int"})
    assert codes(mapping_of(), catalog_of(SCRIPTS, other)) == [("unmapped_table", "other")]
    mapping = mapping_of()
    both = structs.replace(mapping, tables={**mapping.tables, "gone": TableRule(drop="x", schema="")})
    assert codes(both) == [("no_such_table", "gone")]


def test_a_mapping_of_another_source_is_one_sentence():
    assert codes(mapping_of(), catalog_of(table_of("other", {"id": "int"}))) == [("another_source", "")]


def test_a_table_that_cannot_be_read_is_named_unless_it_is_dropped():
    shut = replace(SCRIPTS, problem="The account may not read the table scripts: grant it SELECT.")
    assert codes(mapping_of(), catalog_of(shut)) == [("unreadable_table", "scripts")]


def test_a_table_without_a_key_needs_one():
    keyless = replace(SCRIPTS, primary_key=())
    mapping = mapping_of(schema=schema_of(keyless))
    assert codes(mapping, catalog_of(keyless)) == [("no_key", "scripts")]
    assert codes(mapping_of(schema=schema_of(keyless), key=("title",)), catalog_of(keyless)) == []


def test_text_keys_need_numbers():
    texts = replace(SCRIPTS, columns=(Column("id", "varchar(40)", "text", nullable=False), *SCRIPTS.columns[1:]))
    assert codes(mapping_of(schema=schema_of(texts)), catalog_of(texts)) == [("text_keys", "scripts")]
    assert codes(mapping_of(schema=schema_of(texts), keys="assigned"), catalog_of(texts)) == []


def test_what_belongs_to_scripts_needs_scripts():
    versions = table_of("versions", {"id": "int", "script_id": "int", "content": "text"})
    rule = TableRule(
        becomes="versions",
        schema=schema_of(versions),
        columns={name: ColumnRule(to=name) for name in ("id", "script_id", "content")},
    )
    mapping = structs.replace(mapping_of(), tables={"versions": rule})
    assert codes(mapping, catalog_of(versions)) == [("no_scripts", "versions")]


def test_a_history_of_branches_needs_their_column():
    versions = table_of("versions", {"id": "int", "script_id": "int", "content": "text", "branch_id": "binary(16)"})
    fields = {"id": "id", "script_id": "script_id", "content": "content", "branch_id": "branch"}
    rule = TableRule(
        becomes="versions",
        schema=schema_of(versions),
        history="branches",
        columns={name: ColumnRule(to=field) for name, field in fields.items()},
    )
    without = structs.replace(rule, columns={**rule.columns, "branch_id": ColumnRule(keep=True)})
    for each, wanted in ((rule, []), (without, [("missing_field", "versions")])):
        mapping = structs.replace(mapping_of(), tables={"scripts": mapping_of().tables["scripts"], "versions": each})
        assert codes(mapping, catalog_of(SCRIPTS, versions)) == wanted


@pytest.mark.parametrize(
    ("history", "fields", "wanted"),
    [
        ("full_saves", ("content",), []),
        ("full_saves", ("content", "hash"), []),
        ("full_saves", ("content", "patch"), ["wrong_rule"]),
        ("none", ("patch",), ["missing_field", "wrong_rule"]),
        ("full_saves", ("hash",), ["missing_field"]),
        ("patches", ("content", "patch"), []),
        ("patches", ("content",), ["missing_field"]),
        ("hashes", ("content",), ["missing_field"]),
        ("hashes", ("hash",), []),
    ],
)
def test_a_history_needs_the_column_that_leads_to_its_texts(history: Any, fields: tuple[str, ...], wanted: list[str]):
    names = ("id", "script_id", *fields)
    versions = table_of("versions", dict.fromkeys(names[:2], "int") | dict.fromkeys(fields, "text"))
    columns = {name: ColumnRule(to=name) for name in names}
    rule = TableRule(becomes="versions", schema=schema_of(versions), history=history, columns=columns)
    mapping = structs.replace(mapping_of(), tables={"scripts": mapping_of().tables["scripts"], "versions": rule})
    assert codes(mapping, catalog_of(SCRIPTS, versions)) == [(code, "versions") for code in wanted]


def test_the_schema_of_a_table_is_the_same_on_mariadb_and_mysql():
    mariadb = table_of("t", {"id": "int(11)", "n": "bigint(20) unsigned", "flag": "tinyint(1)", "doc": "longtext"})
    mysql = table_of("t", {"doc": "json", "id": "int", "n": "bigint unsigned", "flag": "tinyint"})
    changed = table_of("t", {"id": "int", "n": "bigint", "flag": "tinyint", "doc": "json"})
    assert schema_of(mariadb) == schema_of(mysql) != schema_of(changed)


def test_enum_values_without_a_word_of_their_own_have_the_word_for_others():
    status = Column("status", "enum('a','draft')", "enum", nullable=False, values=("a", "draft"))
    table = replace(SCRIPTS, columns=(*(each for each in SCRIPTS.columns if each.name != "status"), status))
    assert codes(mapping_of(schema=schema_of(table)), catalog_of(table)) == []


@pytest.mark.parametrize(
    ("code", "do", "fits"),
    [
        ("L05", "assign", True),
        ("L05", "skip", True),
        ("L05", "quarantine", True),
        ("L05", "accept", False),
        ("L06", "accept", True),
        ("L06", "repair", False),
        ("L29", "assign", False),
        ("L29", "repair", True),
    ],
)
def test_a_decision_on_a_row_that_would_change_nothing_is_refused(code: str, do: Any, *, fits: bool):
    decision = RowDecision(code=code, key=(7,), do=do, to=2 if do == "assign" else None)
    found = list(problems(mapping_of(decisions=(decision,)), CATALOG))

    assert [(each.code, each.where) for each in found] == ([] if fits else [("wrong_decision", "scripts")])
    assert all(f"has no '{do}' for {code}, but quarantine or " in each.sentence for each in found)


@pytest.mark.parametrize(
    ("target", "code", "allowed"),
    [
        ("users", "L14", ("quarantine", "accept", "merge", "repair", "skip")),
        ("personas", "L06", ("quarantine", "accept", "repair", "skip")),
        ("versions", "L44", ("quarantine",)),
        ("versions", "L29", ("quarantine",)),
        ("versions", "L22", ("quarantine", "accept")),
        ("versions", "L10", ("quarantine", "accept")),
        ("versions", "L45", ("quarantine", "accept")),
        ("chat_messages", "L45", ("accept",)),
        ("versions", "L02", ("repair",)),
        ("users", "L07", ("repair",)),
        ("users", "L11", ("accept",)),
        ("users", "L44", ()),
        ("legacy_rows", "L07", ("quarantine", "skip")),
        ("lines", "L05", ("quarantine", "skip")),
        ("users", "L40", ("quarantine",)),
        ("personas", "L40", ("quarantine", "repair")),
    ],
)
def test_what_a_finding_allows_depends_on_what_the_row_becomes(target: str, code: str, allowed: tuple[str, ...]):
    assert allowed_actions(target, code) == allowed


@pytest.mark.parametrize(("code", "action"), [("L14", "report"), ("L30", "repair"), ("L44", "report")])
def test_rows_that_never_come_over_as_they_are_cannot_be_reported(code: str, action: Any):
    assert codes(structs.replace(mapping_of(), decisions={code: action})) == [("wrong_decision", "decisions")]
    assert codes(structs.replace(mapping_of(), decisions={code: "quarantine", "L05": "report"})) == []


def test_a_table_that_the_account_does_not_see_is_not_called_missing():
    mapping = mapping_of()
    mapping = structs.replace(mapping, tables={**mapping.tables, "users": TableRule(drop="x", schema="")})

    for sees_all, advice in ((True, "remove its rule"), (False, "grant it SELECT")):
        [problem] = problems(mapping, replace(CATALOG, sees_all=sees_all))
        assert (problem.code, advice in problem.sentence) == ("no_such_table", True)
