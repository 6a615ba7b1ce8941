"""Versions that hold the hash of their text come over with it, if it is there and has that hash."""

from __future__ import annotations

from hashlib import md5, sha1, sha256
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from backfill.domains.base import Counts
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, everything_is_counted
from tests.materialization.writer import Clock

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);
INSERT INTO users VALUES (1, 'ada@example.com', '2020-01-01 00:00:00');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT, content TEXT, created_at TEXT,
  updated_at TEXT);
INSERT INTO scripts VALUES (7, 1, 'The Ferry', NULL, '2021-02-01 10:00:00', '2021-02-09 10:00:00');
CREATE TABLE script_versions (id INTEGER PRIMARY KEY, script_id INTEGER, version_number INTEGER, content_hash {0},
  created_at TEXT);
CREATE TABLE contents (hash {0} PRIMARY KEY, content TEXT) WITHOUT ROWID;
"""


def database(folder: Path, ledger: UnitOfWork, kind: str = "TEXT") -> ScriptDatabase:
    legacy = ScriptDatabase(folder, ledger, Clock(), TABLES.format(kind))
    legacy.decide(L44="quarantine")
    return legacy


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    return database(tmp_path, ledger)


def hex_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def add_versions(legacy: ScriptDatabase, *hashes: Any) -> None:
    for number, value in enumerate(hashes, 1):
        legacy.add("script_versions", (700 + number, 7, number, value, DAY.format(number)))


def texts(legacy: ScriptDatabase) -> list[tuple[int | None, list[str]]]:
    return [(number, legacy.texts(7, version)) for number, version in legacy.saves(7)]


HASHES = {
    "sha256": hex_of,
    "with its name": lambda text: f"sha256:{hex_of(text)}",
    "in capitals": lambda text: hex_of(text).upper(),
    "sha1": lambda text: sha1(text.encode(), usedforsecurity=False).hexdigest(),
    "md5": lambda text: md5(text.encode(), usedforsecurity=False).hexdigest(),
    "git": lambda text: sha1(f"blob {len(text)}\0{text}".encode(), usedforsecurity=False).hexdigest(),
    "an id": lambda text: f"text-{len(text)}",
}


@pytest.mark.parametrize("hash_of", HASHES.values(), ids=HASHES)
def test_texts_are_found_by_their_hash(legacy: ScriptDatabase, hash_of: Any) -> None:
    add_versions(legacy, hash_of("One."), hash_of("One, two."), hash_of("One."))
    legacy.add("contents", (hash_of("One."), "One."), (hash_of("One, two."), "One, two."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert (counts["script_versions"], counts["contents"]) == (Counts(migrated=3), Counts(merged=2))
    assert texts(legacy) == [(1, ["One."]), (2, ["One, two."]), (3, ["One."])]
    assert legacy.differences() == []
    assert legacy.run() == counts


SPELLED = {
    "digits": ("TEXT", hex_of),
    "with its name": ("TEXT", HASHES["with its name"]),
    "in capitals": ("TEXT", HASHES["in capitals"]),
    "bytes": ("BINARY(32)", lambda text: sha256(text.encode()).digest()),
    "digits as bytes": ("BINARY(64)", lambda text: hex_of(text).encode()),
}


@pytest.mark.parametrize(("named", "stored"), [*product(["digits"], SPELLED), *product(SPELLED, ["bytes"])])
def test_a_text_may_be_kept_by_another_spelling_of_its_hash(
    tmp_path: Path, ledger: UnitOfWork, named: str, stored: str
) -> None:
    (kind, name_of), (stored_kind, hash_of) = SPELLED[named], SPELLED[stored]
    legacy = database(tmp_path, ledger, kind)
    legacy.sql("DROP TABLE contents", f"CREATE TABLE contents (hash {stored_kind} PRIMARY KEY, content TEXT)")
    add_versions(legacy, name_of("One."), name_of("One, two."), name_of("One."), HASHES["with its name"]("One."))
    legacy.add("contents", *((hash_of(text), text) for text in ("One.", "One, two.", "Nobody's.")))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["contents"] == Counts(merged=2, quarantined=1)
    assert texts(legacy)[:3] == [(1, ["One."]), (2, ["One, two."]), (3, ["One."])]
    assert counts["script_versions"] == Counts(migrated=3, merged=1)
    assert legacy.differences() == []


def test_hashes_may_be_bytes(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = database(tmp_path, ledger, "BINARY(32)")
    add_versions(legacy, sha256(b"One.").digest())
    legacy.add("contents", (sha256(b"One.").digest(), "One."))

    assert everything_is_counted(legacy, legacy.run())
    assert texts(legacy) == [(1, ["One."])]


def test_a_text_that_is_missing_or_another_one_is_set_aside(legacy: ScriptDatabase) -> None:
    add_versions(legacy, hex_of("One."), hex_of("Lost."), hex_of("Changed."), None, hex_of("Last."))
    legacy.add("contents", (hex_of("One."), "One."), (hex_of("Changed."), "Changed!"), (hex_of("Last."), "Last."))
    legacy.add("contents", (hex_of("Nobody's."), "Nobody's."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert texts(legacy) == [(1, ["One."]), (5, ["Last."])]
    found = {(row.source_table, row.code, row.reason.split()[0]) for row in legacy.quarantined()}
    assert found == {("script_versions", "L44", "The"), ("contents", "L44", "The"), ("contents", "L05", "No")}
    assert counts["contents"] == Counts(merged=2, quarantined=2)
    assert legacy.differences() == []


def test_the_text_of_the_script_is_that_of_the_version_with_its_hash(legacy: ScriptDatabase) -> None:
    add_versions(legacy, hex_of("Lost."), hex_of("The newest."))
    legacy.sql("UPDATE scripts SET content = 'The newest.'")

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert texts(legacy) == [(2, ["The newest."])]
    assert legacy.differences() == []


def test_a_scan_names_hashes_without_a_text(legacy: ScriptDatabase) -> None:
    add_versions(legacy, hex_of("One."), hex_of("Lost."), hex_of("Changed."), hex_of("The newest."))
    legacy.add("contents", (hex_of("One."), "One."), (hex_of("Changed."), "Changed!"))
    legacy.sql("UPDATE scripts SET content = 'The newest.'")

    found = [each for each in legacy.findings() if each.code == "L44"]
    assert [(each.table, each.note) for each in found] == [
        ("contents", "the text has another hash"),
        ("script_versions", "The source has no text with the hash of this save."),
        ("script_versions", "The text that is stored under the hash of this save has another hash."),
    ]


def with_ids(folder: Path, ledger: UnitOfWork, kind: str = "INTEGER") -> ScriptDatabase:
    """Versions that name the id of their text, where nothing keeps two texts from having the same."""
    legacy = database(folder, ledger, kind)
    legacy.sql("DROP TABLE contents", f"CREATE TABLE contents (id INTEGER PRIMARY KEY, hash {kind}, content TEXT)")
    return legacy


def test_different_texts_under_one_id_are_set_aside_with_their_saves(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = with_ids(tmp_path, ledger)
    add_versions(legacy, 1, 2, 3, 4)
    stored = [(1, "One."), (2, "Two."), (2, "Two!"), (2, "Two."), (3, "Three."), (3, "Three."), (4, "Four.")]
    legacy.add("contents", *((number, *each) for number, each in enumerate(stored, 1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert texts(legacy) == [(1, ["One."]), (3, ["Three."]), (4, ["Four."])]
    assert counts["contents"] == Counts(merged=4, quarantined=3)
    assert {(row.source_table, row.source_key, row.code, row.reason) for row in legacy.quarantined()} == {
        ("script_versions", "[702]", "L44", "Different texts are stored under the hash or id of this save."),
        *(("contents", f"[{key}]", "L44", "Other texts are stored under the same id.") for key in (2, 3, 4)),
    }
    assert legacy.differences() == []


def test_two_tables_with_different_texts_under_one_id_are_no_better(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = with_ids(tmp_path, ledger, "TEXT")
    legacy.sql("CREATE TABLE blobs (hash TEXT PRIMARY KEY, content TEXT) WITHOUT ROWID")
    add_versions(legacy, "a", "b", "c", "d")
    legacy.add("contents", (1, "a", "One."), (2, "b", "Two."), (3, "c", "Three."))
    legacy.add("blobs", ("b", "Two!"), ("c", "Three."), ("d", "Four."))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert texts(legacy) == [(1, ["One."]), (3, ["Three."]), (4, ["Four."])]
    assert (counts["contents"], counts["blobs"]) == (Counts(merged=2, quarantined=1), Counts(merged=2, quarantined=1))


def test_of_several_texts_under_a_hash_the_one_that_has_it_is_taken(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = with_ids(tmp_path, ledger, "TEXT")
    add_versions(legacy, hex_of("One."), hex_of("Two."))
    stored = [("One.", "One."), ("One.", "Another."), ("Two.", "Another."), ("Two.", "Two.")]
    legacy.add("contents", *((number, hex_of(name), text) for number, (name, text) in enumerate(stored, 1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert texts(legacy) == [(1, ["One."]), (2, ["Two."])]
    assert counts["contents"] == Counts(merged=2, quarantined=2)


def test_ids_may_be_numbers_in_one_table_and_digits_in_the_other(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = with_ids(tmp_path, ledger, "TEXT")
    legacy.sql("DROP TABLE contents", "CREATE TABLE contents (hash INTEGER PRIMARY KEY, content TEXT)")
    add_versions(legacy, "1", "2")
    legacy.add("contents", (1, "One."), (2, "Two."))

    assert everything_is_counted(legacy, legacy.run())
    assert texts(legacy) == [(1, ["One."]), (2, ["Two."])]


def test_a_scan_names_saves_with_several_texts(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = with_ids(tmp_path, ledger)
    add_versions(legacy, 1, 2)
    legacy.add("contents", (1, 1, "One."), (2, 2, "Two."), (3, 2, "Two!"))

    assert [(each.table, each.key) for each in legacy.findings() if each.code == "L44"] == [("script_versions", "702")]
