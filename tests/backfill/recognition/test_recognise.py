"""Recognition of legacy tables: by the shape of each table, whatever generation its neighbours are of."""

from __future__ import annotations

import pytest

from backfill.recognition.recognise import generations, history_sentence, recognise, recognise_all
from backfill.recognition.shape import snake
from tests.backfill.catalogs import catalog_of, catalog_of_sample, table_of


@pytest.mark.parametrize(
    ("generation", "wanted", "history"),
    [
        (1, [1], "No history and no texts: scripts has titles only."),
        (2, [2], "No history: each save overwrote the last one, scripts has the latest text."),
        (3, [3], "The counter in scripts says how many saves are lost."),
        (4, [4], "The counter in scripts says how many saves are lost."),
        (5, [5], "History: full saves in script_versions."),
        (6, [6, 5, 3, 1], "History: full saves in script_versions."),
    ],
)
def test_the_generations_of_each_sample_are_recognised(generation: int, wanted: list[int], history: str):
    recognised = recognise_all(catalog_of_sample(generation))
    assert [each.table.name for each in recognised if each.shape.title == "not recognised"] == []
    assert generations(recognised) == wanted
    assert history in history_sentence(recognised)


@pytest.mark.parametrize(
    ("name", "columns", "becomes", "history"),
    [
        ("Revisions", "id noteId patch lastContent content length createdAt", "versions", "patches"),
        ("document_versions", "id document_id branch_id version content", "versions", "full saves on branches"),
        ("revision_lines", "id revision_id next previous content", "lines", "linked lines"),
        ("snapshots", "id document_id version sha256", "versions", "hashes only"),
        ("saves", "id document_id revision body created", "versions", "full saves"),
        ("ai_log", "id user_id prompt completion created_at", "chat_messages", "none"),
        ("logins", "id session_token user_id expires", "sessions", "none"),
        ("people", "id email password created_at", "users", "none"),
        ("stories", "id owner_id title body", "scripts", "latest text only"),
        ("_prisma_migrations", "id migration_name", "drop", "none"),
        ("tea_orders", "id kind sugar", "legacy_rows", "none"),
        ("users", "name", "legacy_rows", "none"),
    ],
)
def test_tables_of_other_applications_are_recognised_by_their_columns(
    name: str, columns: str, becomes: str, history: str
):
    shape = recognise(table_of(name, dict.fromkeys(columns.split(), "text")))
    assert (shape.becomes, shape.history) == (becomes, history)


def test_two_tables_of_two_generations_are_distinguished_in_one_schema():
    columns = ["id", "script_id", "thread_id", "questions", "prompt", "response"]
    old = table_of("conversations", dict.fromkeys(columns, "text"))
    log = table_of("chat_history", dict.fromkeys(["id", "intent", "prompt", "response"], "text"))
    assert generations(recognise_all(catalog_of(old, log))) == [2, 1]


def test_a_view_is_a_view_whatever_its_columns():
    view = table_of("scripts", dict.fromkeys(["id", "title", "content"], "text"), is_view=True)
    assert recognise(view).title == "a view"


@pytest.mark.parametrize("columns", ["id title body user_id", "id title text userId", "id title content userId"])
def test_scripts_with_a_text_by_any_usual_name_have_one(columns: str):
    recognised = recognise_all(catalog_of(table_of("scripts", dict.fromkeys(columns.split(), "text"))))
    assert history_sentence(recognised).startswith("No history: each save overwrote the last one, scripts has the")


def test_a_source_without_scripts_says_so():
    assert "No table with scripts" in history_sentence(recognise_all(catalog_of(table_of("tea", {"id": "int"}))))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("createdAt", "created_at"),
        ("CreatedAt", "created_at"),
        ("created_at", "created_at"),
        ("publicID", "public_id"),
        ("user id", "user_id"),
        ("_prisma_migrations", "prisma_migrations"),
        ("ÜberTitel", "ber_titel"),
        ("", ""),
    ],
)
def test_names_are_compared_in_snake_case(name: str, wanted: str):
    assert snake(name) == wanted
