"""Rows whose keys are bytes, as UUIDs often are: a mapping names them in hexadecimal digits."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.domains.base import Counts
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, legacy_file

ANN, LOST = "00112233445566778899aabbccddeeff", "ff" * 16
TABLES = f"""
CREATE TABLE users (id BINARY(16) NOT NULL PRIMARY KEY, email VARCHAR(255), created_at DATETIME);
INSERT INTO users VALUES (X'{ANN}', 'a@x.org', '2020-01-01');
CREATE TABLE sessions (id BINARY(16) NOT NULL PRIMARY KEY, user_id BINARY(16), token VARCHAR(64), created_at DATETIME,
  last_seen DATETIME, expires_at DATETIME, revoked_at DATETIME);
INSERT INTO sessions VALUES
  (X'{1:032x}', X'{ANN}', 'one', '2020-01-01', '2020-01-01', '2020-02-01', NULL),
  (X'{2:032x}', X'{LOST}', 'two', '2020-01-01', '2020-01-01', '2020-02-01', NULL),
  (X'{3:032x}', X'{LOST}', 'three', '2020-01-01', '2020-01-01', '2020-02-01', NULL),
  (X'{4:032x}', X'{LOST}', 'four', '2020-01-01', '2020-01-01', '2020-02-01', NULL);
"""


@pytest.fixture
def backfill(tmp_path: Path, ledger: UnitOfWork) -> FlatBackfill:
    found = FlatBackfill(legacy_file(tmp_path / "legacy.db", TABLES), ledger)
    found.rules = {"users": {"keys": "assigned"}, "sessions": {"keys": "assigned"}}
    return found


def test_a_decision_holds_for_a_row_with_a_binary_key(backfill: FlatBackfill) -> None:
    backfill.rules["sessions"]["decisions"] = [
        {"code": "L05", "key": [f"{2:032x}"], "do": "skip", "reason": "a test"},
        {"code": "L05", "key": [f"{3:032x}"], "do": "assign", "to": "00112233-4455-6677-8899-AABBCCDDEEFF"},
        {"code": "L05", "key": [f"{4:032x}"], "do": "assign", "to": LOST},
    ]

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=2, skipped=1, quarantined=1)

    assert backfill.codes() == {("sessions", f'[{{"hex":"{4:032x}"}}]'): "L05"}
    assert backfill.differences("sessions") == []
