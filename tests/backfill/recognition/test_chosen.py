"""Tables whose target a person names: drafted as far as names and foreign keys go, and never dropped again."""

from __future__ import annotations

import pytest

from backfill.mapping.draft import draft
from backfill.mapping.fit import problems
from backfill.recognition.chosen import chosen_shape, referring_columns
from repos.legacy.catalog import ForeignKey
from tests.backfill.catalogs import catalog_of, table_of

WRITERS = table_of("app_writers", {"id": "int", "email_address": "varchar(99)", "date_joined": "datetime"})
DOCUMENTS = table_of(
    "app_document",
    {"id": "int", "writer_id": "int", "working_title": "text", "current_text": "text", "modified": "datetime"},
)
SAVES = table_of(
    "document_save", {"id": "int", "of": "int", "rev_no": "int", "body": "text", "saved_at": "datetime"},
    foreign_keys=(ForeignKey(("of",), "app_document", ("id",)),),
)  # fmt: skip
CHOSEN = {"app_writers": "users", "app_document": "scripts", "document_save": "versions"}


def test_columns_are_named_by_usual_names_foreign_keys_and_the_tables_they_speak_of():
    catalog = catalog_of(WRITERS, DOCUMENTS, SAVES)
    mapping = draft(catalog, CHOSEN).mapping

    assert problems(mapping, catalog) == []
    fields = {name: {column: each.to for column, each in rule.columns.items()} for name, rule in mapping.tables.items()}
    assert fields == {
        "app_writers": {"id": "id", "email_address": "email", "date_joined": "created_at"},
        "app_document": {
            "id": "id", "writer_id": "user_id", "working_title": "title", "current_text": "content",
            "modified": "updated_at",
        },
        "document_save": {
            "id": "id", "of": "script_id", "rev_no": "version_number", "body": "content", "saved_at": "created_at",
        },
    }  # fmt: skip
    assert [mapping.tables[name].history for name in ("app_document", "document_save")] == ["head", "full_saves"]
    assert {rule.becomes for rule in draft(catalog).mapping.tables.values()} == {"legacy_rows"}


def test_a_chosen_table_keeps_its_target_and_says_what_is_missing():
    catalog = catalog_of(table_of("papers", {"id": "int", "heading": "text"}))
    mapping = draft(catalog, {"papers": "scripts"}).mapping

    assert mapping.tables["papers"].becomes == "scripts"
    assert [each.code for each in problems(mapping, catalog)] == ["missing_field"]


@pytest.mark.parametrize(
    ("columns", "history"),
    [
        ({"diff": "text", "body": "text"}, "patches"),
        ({"branch": "text", "body": "text"}, "full saves on branches"),
        ({"sha256": "text"}, "hashes only"),
        ({"body": "text"}, "full saves"),
    ],
)
def test_the_history_of_chosen_versions_follows_from_their_columns(columns: dict[str, str], history: str):
    assert chosen_shape(table_of("saves", columns), "versions").history == history


def test_a_column_refers_only_to_tables_that_become_users_or_scripts():
    table = table_of("notes", {"id": "int", "order_id": "int", "document_uuid": "char(36)", "writerId": "int"})
    targets = {"orders": "legacy_rows", "live_documents": "drop", "documents": "scripts", "writer": "users"}

    assert referring_columns(table, targets) == {"script_id": "document_uuid", "user_id": "writerId"}


def test_a_row_does_not_belong_to_another_row_of_its_own_table():
    to_itself = (ForeignKey(("parent_account_id",), "account", ("no",)), ForeignKey(("of",), "account", ("no",)))
    table = table_of("account", {"no": "int", "parent_account_id": "int", "of": "int"}, foreign_keys=to_itself)
    assert referring_columns(table, {"account": "users"}) == {}
    assert referring_columns(table_of("n", {"story_id": "int"}), {"stories": "scripts"}) == {"script_id": "story_id"}


def test_recognised_tables_refer_to_chosen_ones_too():
    chat = table_of("chat_message", {"id": "int", "writerId": "int", "screenplayId": "int", "role": "text",
                                     "content": "text", "createdAt": "datetime"})  # fmt: skip
    play = table_of("screenplay", {"id": "int", "title": "text"})
    catalog = catalog_of(WRITERS, play, chat)
    drafted = draft(catalog, {"app_writers": "users", "screenplay": "scripts"})

    columns = drafted.mapping.tables["chat_message"].columns
    assert (columns["writerId"].to, columns["screenplayId"].to) == ("user_id", "script_id")
    assert "no column is known for its script_id and user_id" in draft(catalog).tables["chat_message"]
    assert problems(drafted.mapping, catalog) == []


def test_scripts_without_a_text_have_no_history_of_their_own():
    assert chosen_shape(table_of("plays", {"id": "int", "name": "text"}), "scripts").history == "none"
