"""Ids of rows of several tables: the id of a bot is not taken for that of a user."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backfill.mapping.draft import draft
from backfill.mapping.fit import problems
from backfill.mapping.model import ColumnRule, Mapping
from backfill.recognition.doubts import doubts
from backfill.recognition.key_kinds import kind_column
from tests.backfill.catalogs import catalog_of, table_of

USERS = table_of("users", {"id": "int", "email": "text", "password": "text", "created_at": "timestamp"})
TOKENS = table_of(
    "personal_access_tokens",
    {"id": "int", "tokenable_type": "text", "tokenable_id": "int", "token": "text", "expires_at": "timestamp"},
)
CATALOG = catalog_of(USERS, TOKENS)


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ("tokenable_id tokenable_type", "tokenable_type"),
        ("author_id author_type", "author_type"),
        ("authorId authorType", "authorType"),
        ("script_id script_type", None),
        ("author_id", None),
        ("id type", None),
    ],
)
def test_the_kind_of_a_key_is_known_by_the_names(columns: str, wanted: str | None) -> None:
    names = columns.split()
    assert kind_column(table_of("rows", dict.fromkeys(names, "text")), names[0]) == wanted


def mapped(kind: ColumnRule) -> Mapping:
    drafted = draft(CATALOG, {"personal_access_tokens": "sessions"}).mapping
    rule = drafted.tables["personal_access_tokens"]
    columns = {**rule.columns, "tokenable_id": ColumnRule(to="user_id"), "tokenable_type": kind}
    return replace(drafted, tables={**drafted.tables, "personal_access_tokens": replace(rule, columns=columns)})


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (ColumnRule(keep=True), [("several_tables", "personal_access_tokens.tokenable_id")]),
        (ColumnRule(drop="all are users"), []),
    ],
)
def test_a_key_of_several_tables_becomes_one_of_ours_if_all_rows_have_one_kind(
    kind: ColumnRule, wanted: list[tuple[str, str]]
) -> None:
    assert [(each.code, each.where) for each in problems(mapped(kind), CATALOG)] == wanted


def test_the_writers_of_saves_may_be_of_several_kinds_with_a_word_for_each() -> None:
    saves = table_of(
        "saves", {"id": "int", "script_id": "int", "body": "text", "author_id": "int", "author_type": "text"}
    )
    scripts = table_of("scripts", {"id": "int", "title": "text"})
    catalog = catalog_of(USERS, scripts, saves)
    drafted = draft(catalog, {"saves": "versions"}).mapping
    rule = drafted.tables["saves"]
    assert rule.columns["author_id"].to == "metadata.author_id"

    words = ColumnRule(to="author", values={"App\\Models\\Bot": "ai", "App\\Models\\User": "user"})
    columns = {**rule.columns, "author_id": ColumnRule(to="actor"), "author_type": words}
    mapping = replace(drafted, tables={**drafted.tables, "saves": replace(rule, columns=columns)})

    assert problems(mapping, catalog) == []


def test_an_inspection_names_such_keys() -> None:
    found = [(each.code, each.table, each.blocks) for each in doubts(CATALOG)]

    assert found == [("several_tables", "personal_access_tokens", False)]
