"""Personas become commands in the logs of their scripts; those of a user alone are kept as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backfill.domains.base import Counts
from backfill.domains.personas import Personas
from domain.submissions.submission import decode_cause
from tests.backfill.domains.described_source import DescribedSource

PERSONAS = """
CREATE TABLE personas (id INTEGER NOT NULL PRIMARY KEY, script_id INTEGER, user_id INTEGER, description TEXT,
  created_at DATETIME);
"""
OF_USERS = """
CREATE TABLE personas (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER, description TEXT, created_at DATETIME);
INSERT INTO personas VALUES (1, 1, 'A dry editor 🌫️.', '2019-08-01 12:20:00'), (2, NULL, 'Of nobody.', NULL);
"""


def row(number: int, script: object, user: object) -> str:
    text = "A dry editor\nof few words."
    return f"INSERT INTO personas VALUES ({number}, {script}, {user}, '{text}', '2019-08-01 12:20:00');"


def test_a_persona_of_a_script_is_in_its_log_with_its_user(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, PERSONAS + row(1, 1, 1) + row(2, 1, "NULL"))
    legacy.script(1)

    assert legacy.migrate(Personas()) == {"personas": Counts(migrated=2)}

    personas = legacy.state(1).personas
    assert personas["1"].description == "A dry editor\nof few words."
    assert set(personas) == {"1", "2"}
    origin = decode_cause(legacy.log(1)[1].cause).origin
    assert origin is not None
    assert (origin.table, origin.key, origin.actor) == ("personas", "1", "1")
    assert legacy.prove(Personas()) == []


def test_a_persona_of_another_user_is_never_given_to_the_owner_of_the_script(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, PERSONAS + row(1, 1, 2) + row(2, 1, 7) + row(3, 1, 0) + row(4, 1, 1))
    legacy.script(1)

    assert legacy.migrate(Personas()) == {"personas": Counts(migrated=1, quarantined=3)}

    assert {(found.code, found.source_key) for found in legacy.quarantined()} == {
        ("L06", "[1]"),
        ("L05", "[2]"),
        ("L30", "[3]"),
    }
    assert set(legacy.state(1).personas) == {"4"}
    assert legacy.prove(Personas()) == []


def test_a_persona_of_another_user_is_accepted_by_decision_and_names_its_user(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, PERSONAS + row(1, 1, 2), decisions='L06 = "report"')
    legacy.script(1)

    assert legacy.migrate(Personas()) == {"personas": Counts(migrated=1)}

    origin = decode_cause(legacy.log(1)[-1].cause).origin
    assert origin is not None
    assert origin.actor == "2"
    assert legacy.prove(Personas()) == []


@pytest.mark.parametrize(
    ("decisions", "counts"),
    [("", Counts(migrated=1, quarantined=1)), ('L06 = "repair"', Counts(migrated=2))],
)
def test_a_persona_without_a_script_is_kept_as_json(tmp_path: Path, decisions: str, counts: Counts) -> None:
    legacy = DescribedSource(tmp_path, OF_USERS, decisions=decisions)

    assert legacy.migrate(Personas()) == {"personas": counts}
    assert legacy.migrate(Personas()) == {"personas": counts}

    with legacy.unit_of_work.reading() as tx:
        kept = [json.loads(each.content) for each in tx.legacy_rows.read("personas")]
    assert len(kept) == counts.migrated
    assert kept[0]["description"] == "A dry editor 🌫️."
    assert legacy.prove(Personas()) == []


def test_what_is_changed_in_the_kept_json_is_found(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, OF_USERS)
    legacy.migrate(Personas())
    legacy.forge("""UPDATE legacy_rows SET content = '{"id": 1}'""")

    assert [each.problem for each in legacy.prove(Personas())] == ["what is kept of it as JSON differs"]
