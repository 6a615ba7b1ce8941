"""Rows without a home: a decision finds its row whatever the key is, and no key that may be a secret is shown."""

from __future__ import annotations

from backfill.domains.base import Counts
from backfill.mapping.model import RowDecision
from backfill.runs.shown_keys import shown_row
from tests.backfill.domains.script_database import ScriptDatabase

TOKEN = "0123456789abcdef0123456789abcdef"


def test_a_decision_names_a_kept_row_by_its_bytes(legacy: ScriptDatabase) -> None:
    legacy.sql(
        "CREATE TABLE tags (id BLOB PRIMARY KEY NOT NULL, word TEXT)",
        "INSERT INTO tags VALUES (x'00ffab', 'a'), (x'00ffac', 'b')",
    )
    legacy.change_rule("tags", decisions=(RowDecision(code="L12", key=("00ffab",), do="skip", reason="a test"),))

    assert legacy.run()["tags"] == Counts(migrated=1, skipped=1)


def test_a_token_that_is_the_key_of_a_kept_row_is_not_shown(legacy: ScriptDatabase) -> None:
    legacy.sql(
        "CREATE TABLE invitations (token TEXT PRIMARY KEY NOT NULL, word TEXT)",
        f"INSERT INTO invitations VALUES ('{TOKEN}', 'a')",
    )
    legacy.change_rule("invitations", decisions=(RowDecision(code="L12", key=(TOKEN,), do="quarantine"),))

    legacy.run()

    [row] = legacy.quarantined()
    assert (row.source_table, row.code) == ("invitations", "decided")
    assert TOKEN not in shown_row(row, b"key")
