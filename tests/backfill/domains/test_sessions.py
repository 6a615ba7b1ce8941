"""Sessions: tokens are hashed, no two users share one, and no broken row signs anyone in."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from backfill.domains.base import Counts
from domain.accounts import SessionExpired, SessionRevoked, UnknownSession
from repos.accounts.bulk_accounts import SessionRecord
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, execute, insert_rows, legacy_file

DAY = 86_400_000_000
TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255), created_at DATETIME, deletedAt DATETIME);
INSERT INTO users VALUES (1, 'a@x.org', '2020-01-01', NULL), (2, 'b@x.org', '2020-01-01', '2020-02-01'),
  (3, 'no address', '2020-01-01', NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER, token VARCHAR(64), created_at DATETIME,
  last_seen DATETIME, expires_at DATETIME, revoked_at DATETIME);
"""


@pytest.fixture
def backfill(tmp_path: Path, ledger: UnitOfWork) -> FlatBackfill:
    return FlatBackfill(legacy_file(tmp_path / "legacy.db", TABLES), ledger)


def insert(backfill: FlatBackfill, number: Any, user: Any = 1, token: Any = None, **more: Any) -> None:
    row = {
        "id": number,
        "user_id": user,
        "token": f"token {number}" if token is None else token,
        "created_at": "1970-01-03 00:00:00",
        "last_seen": "1970-01-04 00:00:00",
        "expires_at": "1970-01-09 00:00:00",
        "revoked_at": None,
    } | more
    insert_rows(backfill.url, "sessions", [row])


def stored(backfill: FlatBackfill, number: int) -> SessionRecord:
    with backfill.unit_of_work.reading() as tx:
        return tx.bulk_accounts.get_sessions([number])[number]


def test_a_session_signs_in_its_user_until_it_ends(backfill: FlatBackfill) -> None:
    insert(backfill, 7, token="tøken 🌫️")

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=1)

    digest = sha256("tøken 🌫️".encode()).digest()
    assert stored(backfill, 7) == SessionRecord(7, 1, digest, 2 * DAY, 3 * DAY, 8 * DAY, None)
    with backfill.unit_of_work.reading() as tx:
        assert tx.sign_ins.require("tøken 🌫️", 8 * DAY - 1).user_id == 1
        with pytest.raises(SessionExpired):
            tx.sign_ins.require("tøken 🌫️", 8 * DAY)
    assert backfill.differences("users", "sessions") == []


def test_no_token_is_stored_anywhere(backfill: FlatBackfill, tmp_path: Path) -> None:
    for number, more in enumerate(
        ({}, {"user_id": 99}, {"expires_at": None}, {"created_at": "0000-00-00"}, {"token": "MARKER same"}), 1
    ):
        insert(backfill, number, **{"token": f"MARKER {number}"} | more)
    insert(backfill, 6, token="MARKER same")

    backfill.run("users", "sessions")

    assert not any(b"MARKER" in file.read_bytes() for file in tmp_path.glob("ledger.db*"))


def test_a_token_that_several_sessions_have_signs_in_no_one(backfill: FlatBackfill) -> None:
    insert(backfill, 1, token="same")
    insert(backfill, 2, user=2, token="same")
    insert(backfill, 3, token="Same")

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=1, quarantined=2)

    assert backfill.codes()["sessions", "[1]"] == backfill.codes()["sessions", "[2]"] == "L32"
    with backfill.unit_of_work.reading() as tx, pytest.raises(UnknownSession):
        tx.sign_ins.require("same", DAY)
    assert backfill.differences("sessions") == []


@pytest.mark.parametrize(("user", "code"), [(99, "L05"), (None, "L05"), (0, "L30"), (3, "L05"), ("x", "L05")])
def test_a_session_without_a_user_who_came_over_is_set_aside(backfill: FlatBackfill, user: Any, code: str) -> None:
    insert(backfill, 1, user=user)
    insert(backfill, 2)

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=1, quarantined=1)

    assert backfill.codes()["sessions", "[1]"] == code
    assert backfill.differences("sessions") == []


def test_the_mapping_gives_a_session_to_a_user_or_leaves_it_out(backfill: FlatBackfill) -> None:
    insert(backfill, 1, user=0)
    insert(backfill, 2, user=98)
    backfill.rules["sessions"] = {
        "decisions": [
            {"code": "L30", "key": [1], "do": "assign", "to": 1},
            {"code": "L05", "key": [2], "do": "skip", "reason": "a test"},
        ]
    }

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=1, skipped=1)

    assert stored(backfill, 1).user_id == 1
    assert backfill.differences("sessions") == []


def test_user_0_with_an_id_has_its_sessions(backfill: FlatBackfill) -> None:
    execute(backfill.url, "INSERT INTO users VALUES (0, 'zero@x.org', '2020-01-01', NULL)")
    insert(backfill, 1, user=0)
    backfill.rules["users"] = {"decisions": [{"code": "L30", "key": [0], "do": "assign", "to": 900}]}

    backfill.run("users", "sessions")

    assert stored(backfill, 1).user_id == 900


def test_a_session_of_a_deleted_user_is_over(backfill: FlatBackfill) -> None:
    insert(backfill, 1, user=2)

    backfill.run("users", "sessions")

    with backfill.unit_of_work.reading() as tx, pytest.raises(SessionRevoked):
        tx.sign_ins.require("token 1", DAY)


@pytest.mark.parametrize("zero", ["0000-00-00 00:00:00", "2023-02-00 10:00:00", "", "soon", None])
def test_a_date_that_is_none_never_lengthens_a_session(backfill: FlatBackfill, zero: str | None) -> None:
    insert(backfill, 1, created_at=zero)
    insert(backfill, 2, expires_at=zero)
    insert(backfill, 3, last_seen=zero)
    insert(backfill, 4, revoked_at=zero)

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=4)

    assert stored(backfill, 1).created_at == 2 * DAY
    assert stored(backfill, 2).expires_at == 2 * DAY
    assert stored(backfill, 3).seen_at == 2 * DAY
    assert stored(backfill, 4).revoked_at == (2 * DAY if zero == "soon" else None)
    assert backfill.repaired("sessions", "[2]") == {"expires_at": zero}
    assert backfill.differences("sessions") == []


@pytest.mark.parametrize("token", ["", b""])
def test_a_session_without_a_token_is_set_aside(backfill: FlatBackfill, token: Any) -> None:
    insert(backfill, 1, token=token)

    assert backfill.run("users", "sessions")["sessions"] == Counts(quarantined=1)

    assert backfill.codes()["sessions", "[1]"] == "no_token"


def test_a_token_that_the_ledger_has_already_is_set_aside(backfill: FlatBackfill) -> None:
    insert(backfill, 1)
    insert(backfill, 2)
    backfill.run("users")
    with backfill.unit_of_work.records() as tx:
        record = SessionRecord(500, 1, sha256(b"token 1").digest(), 0, 0, 1, None)
        tx.bulk_accounts.add_sessions([record])

    assert backfill.run("sessions")["sessions"] == Counts(migrated=1, quarantined=1)

    assert backfill.codes() == {("sessions", "[1]"): "L32"}


def test_ids_that_are_text_become_numbers(tmp_path: Path, ledger: UnitOfWork) -> None:
    tables = TABLES.replace("sessions (id INTEGER", "sessions (id VARCHAR(40)")
    backfill = FlatBackfill(legacy_file(tmp_path / "text.db", tables), ledger)
    for number in ("ckb", "cka", "7"):
        insert(backfill, number)

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=3)

    assert backfill.differences("sessions") == []
    assert backfill.run("sessions")["sessions"] == Counts(migrated=3)
    assert [stored(backfill, number).id for number in (1, 2, 3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE sessions SET token_sha256 = zeroblob(32) WHERE id = 2", "other token_sha256"),
        ("UPDATE sessions SET user_id = 2 WHERE id = 2", "other user_id"),
        ("UPDATE sessions SET revoked_at = NULL, expires_at = expires_at + 1 WHERE id = 2", "other expires_at"),
        ("DELETE FROM sessions WHERE id = 2", "the row did not come over"),
    ],
)
def test_each_change_of_a_session_is_found(backfill: FlatBackfill, ledger_url: str, sql: str, problem: str) -> None:
    for number in (1, 2, 3):
        insert(backfill, number, expires_at="2999-01-01 00:00:00")
    backfill.run("users", "sessions")
    execute(ledger_url, sql)

    assert [(each.source_key, each.problem) for each in backfill.differences("sessions")] == [("[2]", problem)]


def test_sessions_that_ended_before_a_time_are_left_out_by_decision(backfill: FlatBackfill) -> None:
    insert(backfill, 1, expires_at="1970-01-08 23:59:59")
    insert(backfill, 2, expires_at="1970-01-09 00:00:00")
    insert(backfill, 3, expires_at=None)
    insert(backfill, 4, expires_at="0000-00-00 00:00:00")
    insert(backfill, 5, expires_at="1970-01-01 00:00:00", user=99)
    insert(backfill, 6, expires_at="2030-01-01 00:00:00")
    backfill.rules["sessions"] = {"skip_expired_before": "1970-01-09"}

    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=2, skipped=4)

    with backfill.unit_of_work.reading() as tx:
        assert set(tx.bulk_accounts.get_sessions(range(1, 7))) == {2, 6}
    assert [row for row in backfill.quarantined() if row[0] == "sessions"] == []
    assert backfill.differences("sessions") == []
    assert backfill.run("users", "sessions")["sessions"] == Counts(migrated=2, skipped=4)


def test_a_session_that_ended_long_ago_may_be_gone_from_the_ledger_and_no_other(backfill: FlatBackfill) -> None:
    """Upkeep deletes ended sessions every hour, also between a run and its certificate."""
    for number in (1, 2):
        insert(backfill, number)
    insert(backfill, 3, expires_at="2999-01-01 00:00:00")
    backfill.run("users", "sessions")
    with backfill.unit_of_work.records() as tx:
        assert tx.sign_ins.prune(before=10 * DAY) == 2

    assert backfill.differences("users", "sessions") == []

    execute(backfill.url, "UPDATE sessions SET last_seen = '1970-01-05 00:00:00' WHERE id = 2")
    with backfill.unit_of_work.records() as tx:
        assert tx.sign_ins.prune(before=1 << 62) == 1
    found = backfill.differences("users", "sessions")
    assert [(each.source_key, each.problem) for each in found] == [
        ("[2]", "the row did not come over"),
        ("[3]", "the row did not come over"),
    ]
