"""Drafted mappings: total, without a problem, the same when written and read, and losing nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backfill.mapping.decode import decode
from backfill.mapping.draft import draft
from backfill.mapping.fit import problems
from backfill.mapping.toml_text import mapping_text
from backfill.samples import GENERATIONS
from repos.legacy.catalog import Column
from tests.backfill.catalogs import SERVER, catalog_of, catalog_of_file, catalog_of_sample, table_of


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_draft_of_each_sample_fits_and_is_the_same_when_read_again(generation: int):
    catalog = catalog_of_sample(generation)
    drafted = draft(catalog)
    assert problems(drafted.mapping, catalog) == []
    assert decode(mapping_text(drafted)) == drafted.mapping
    assert mapping_text(draft(catalog)) == mapping_text(drafted)


def test_nothing_that_holds_data_is_dropped():
    for generation in GENERATIONS:
        for name, rule in draft(catalog_of_sample(generation)).mapping.tables.items():
            assert rule.drop is None or name == "_prisma_migrations"
            assert [column for column, each in rule.columns.items() if each.drop is not None] == []


def test_columns_without_a_field_go_to_the_metadata_or_are_kept():
    mapping = draft(catalog_of_sample(6)).mapping
    scripts, users = mapping.tables["scripts"].columns, mapping.tables["users"].columns
    assert (scripts["tags"].to, scripts["description"].to) == ("metadata.tags", "metadata.description")
    assert (users["deletedAt"].to, users["deleteReason"].keep) == ("deleted_at", True)
    assert mapping.tables["scenes"].set == {"type": "scene"}
    assert mapping.tables["sessions"].keys == "assigned"


def test_the_zone_of_a_moment_follows_from_its_writer():
    server = replace(SERVER, time_zone="CST", utc_offset_minutes=-360)
    raw = table_of("scripts", {"id": "int", "title": "text", "content": "text", "created_at": "datetime"})
    orm = table_of("users", {"id": "int", "email": "text", "createdAt": "datetime(3)", "seen": "timestamp"})
    mapping = draft(catalog_of(raw, orm, server=server)).mapping
    assert mapping.tables["scripts"].columns["created_at"].time_zone == "-06:00"
    assert mapping.tables["users"].columns["createdAt"].time_zone == "UTC"
    named = draft(catalog_of(raw, server=replace(server, time_zone="America/Chicago"))).mapping
    assert named.tables["scripts"].columns["created_at"].time_zone == "America/Chicago"


def test_a_column_that_an_orm_fills_and_a_raw_insert_too_is_commented():
    default = Column("createdAt", "datetime(3)", "moment", nullable=False, default="current_timestamp(3)")
    table = table_of("users", {"id": "int", "email": "text"})
    table = replace(table, columns=(*table.columns, default))
    text = mapping_text(draft(catalog_of(table, server=replace(SERVER, utc_offset_minutes=-360))))
    assert "rows of a raw INSERT may be in -06:00" in text


def test_enum_values_in_another_spelling_get_their_word():
    status = Column("status", "enum('Draft','done','odd')", "enum", nullable=False, values=("Draft", "done", "odd"))
    table = table_of("scripts", {"id": "int", "title": "text"})
    drafted = draft(catalog_of(replace(table, columns=(*table.columns, status))))
    assert drafted.mapping.tables["scripts"].columns["status"].values == {"Draft": "draft", "done": "complete"}
    assert "'odd': unknown" in drafted.columns["scripts", "status"]


def test_the_words_of_a_status_say_which_lines_are_deleted():
    lines = {"id": "int", "script_id": "int", "previous": "int", "next": "int", "content": "text"}
    status = Column("status", "enum('live','Deleted')", "enum", nullable=False, values=("live", "Deleted"))
    table = table_of("script_lines", lines)
    drafted = draft(
        catalog_of(
            table_of("scripts", {"id": "int", "title": "text"}), replace(table, columns=(*table.columns, status))
        )
    )
    rule = drafted.mapping.tables["script_lines"].columns["status"]
    assert (rule.to, rule.values) == ("deleted", {"Deleted": "true"})


def test_a_column_with_any_words_says_what_other_words_become():
    table = table_of("script_versions", {"id": "int", "scriptId": "int", "versionNumber": "int", "content": "text",
                                         "author": "varchar(64)"})  # fmt: skip
    drafted = draft(catalog_of(table_of("scripts", {"id": "int", "title": "text"}), table))
    assert "words other than user, ai, system, import, backfill: user" in drafted.columns["script_versions", "author"]


@pytest.mark.parametrize(
    ("kind", "unit"), [("int(10) unsigned", "s"), ("int", "s"), ("bigint(20)", "ms"), ("INTEGER", "ms")]
)
def test_an_integer_of_32_bits_holds_seconds(kind: str, unit: str):
    table = replace(table_of("scripts", {"id": "int", "title": "text"}))
    column = Column("created", kind, "integer", nullable=True)
    drafted = draft(catalog_of(replace(table, columns=(*table.columns, column)))).mapping.tables["scripts"]
    assert drafted.columns["created"].unit == unit


@pytest.mark.parametrize(
    ("columns", "fields"),
    [({"sid": "char(32)"}, {"token": "sid"}), ({"sid": "int", "token": "text"}, {"id": "sid", "token": "token"})],
)
def test_a_sid_is_the_token_of_a_session_without_another(columns: dict[str, str], fields: dict[str, str]):
    table = table_of("sess", {**columns, "user_id": "int", "expires": "datetime"}, key=("sid",))
    rule = draft(catalog_of(table), {"sess": "sessions"}).mapping.tables["sess"]
    assert rule.field_columns() == {**fields, "user_id": "user_id", "expires_at": "expires"}


def test_a_snapshot_is_the_text_of_a_revision_with_patches():
    table = table_of(
        "revision", {"id": "int", "script_id": "int", "patch": "text", "snapshot": "text", "source": "text"}
    )
    rule = draft(catalog_of(table), {"revision": "versions"}).mapping.tables["revision"]
    assert rule.field_columns() == {
        "id": "id", "script_id": "script_id", "patch": "patch", "content": "snapshot", "author": "source",
    }  # fmt: skip


def test_a_cost_whose_column_names_its_currency_has_it():
    table = table_of("ai_logs", {"id": "int", "prompt": "text", "answer": "text", "costUsd": "decimal(9,4)"})
    rule = draft(catalog_of(table), {"ai_logs": "chat_messages"}).mapping.tables["ai_logs"]
    assert (rule.columns["costUsd"].to, rule.set) == ("cost", {"currency": "USD"})


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, place POINT)",
        "CREATE TABLE sessions (token TEXT, user_id INT, expires_at DATETIME)",  # sessions without users
        "CREATE TABLE script_versions (scriptId INT, versionNumber INT, content TEXT)",  # versions without scripts
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, E_Mail TEXT)",  # two columns for one field
        'CREATE TABLE "a.b \'\'" (id INTEGER PRIMARY KEY, "x = \\ \t é" TEXT, "" TEXT)',
        "CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, archived TEXT, owner TEXT, metadata TEXT)",
        "CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, n INT AS (id * 2) STORED)",
        "CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, created_at INTEGER)",
        "CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, tagList TEXT, tag_list TEXT)",
        "CREATE TABLE elements (id INTEGER PRIMARY KEY, script_id INT, type BLOB, content TEXT)",
        "CREATE TABLE t (a)",
    ],
)
def test_any_table_gets_a_draft_that_fits(statement: str):
    catalog = catalog_of_file(statement)
    drafted = draft(catalog)
    assert problems(drafted.mapping, catalog) == []
    assert decode(mapping_text(drafted)) == drafted.mapping


def test_the_primary_key_of_a_chosen_table_is_its_id_whatever_its_name():
    catalog = catalog_of_file(
        "CREATE TABLE Drehbuch (DrehbuchNr INTEGER PRIMARY KEY, Titel TEXT)",
        "CREATE TABLE Fassung (DrehbuchId INT, Nr INT, Inhalt TEXT, PRIMARY KEY (DrehbuchId, Nr))",
        "CREATE TABLE Stand (DrehbuchId INTEGER PRIMARY KEY, Inhalt TEXT)",
        "CREATE TABLE Sitzung (Kennung TEXT PRIMARY KEY, BenutzerId INT)",
    )
    chosen = {"Drehbuch": "scripts", "Fassung": "versions", "Stand": "versions", "Sitzung": "sessions"}
    drafted = draft(catalog, chosen).mapping.tables

    assert drafted["Drehbuch"].columns["DrehbuchNr"].to == "id"
    assert "id" not in drafted["Fassung"].field_columns()
    assert drafted["Stand"].columns["DrehbuchId"].to == "script_id"
    assert "id" not in drafted["Sitzung"].field_columns()


def test_a_table_that_is_kept_whole_says_why():
    keyless = table_of("scripts", {"id": "int", "title": "text", "content": "text"}, key=())
    text = mapping_text(draft(catalog_of(keyless, table_of("a.b", {"id": "int"}))))
    assert "kept whole, because: The table has no key" in text


def test_views_and_unreadable_tables_are_dropped_with_the_reason():
    view = table_of("titles", {"title": "text"}, key=(), is_view=True)
    shut = table_of("shut", {}, key=(), problem="The account may not read the table shut: grant it SELECT.")
    tables = draft(catalog_of(view, shut)).mapping.tables
    assert "no rows of its own" in str(tables["titles"].drop)
    assert "grant it SELECT" in str(tables["shut"].drop)
