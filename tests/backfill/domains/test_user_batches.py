"""Batches of users: interrupted, repeated, refused in part, and proved against the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.domains.base import Counts
from backfill.domains.registry import DOMAINS
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, execute, insert_rows, legacy_file
from tests.backfill.domains.legacy_users import TABLE, insert, insert_all, row_of, user, user_ids


@pytest.fixture
def backfill(tmp_path: Path, ledger: UnitOfWork) -> FlatBackfill:
    return FlatBackfill(legacy_file(tmp_path / "legacy.db", TABLE), ledger)


# datahub #19369: one bad row failed its 99 neighbours.
def test_datahub_19369_399_of_400_users_come_over(backfill: FlatBackfill, ledger: UnitOfWork) -> None:
    insert_all(backfill, range(1, 401))
    with ledger.records() as tx:
        tx.users.add("WRITER123@example.org", 0)  # the ledger's own user 1

    assert backfill.run("users") == {"users": Counts(migrated=398, quarantined=2)}

    assert backfill.codes() == {("users", "[1]"): "user_id_taken", ("users", "[123]"): "email_taken"}
    assert set(range(1, 401)) - set(user_ids(backfill)) == {123}
    assert user(backfill, 1).email == "WRITER123@example.org"


def test_a_second_run_writes_nothing(backfill: FlatBackfill, tmp_path: Path) -> None:
    insert(backfill, 1, "no address")
    insert(backfill, 2, createdAt=None)
    backfill.run("users")
    before = (user_ids(backfill), user(backfill, 2), backfill.codes())
    execute(
        f"sqlite:///{tmp_path / 'ledger.db'}",
        "CREATE TRIGGER w BEFORE INSERT ON users BEGIN SELECT RAISE(FAIL, 'w'); END",
    )

    assert backfill.run("users") == {"users": Counts(migrated=1, quarantined=1)}

    assert (user_ids(backfill), user(backfill, 2), backfill.codes()) == before


# claude-mem #3917: a high-water mark walked over late rows.
def test_claude_mem_3917_a_row_below_the_mark_and_a_changed_one_come_with_the_next_run(backfill: FlatBackfill) -> None:
    insert(backfill, 10)
    insert(backfill, 20)
    backfill.run("users")
    insert(backfill, 15)
    execute(backfill.url, "UPDATE users SET email = 'moved@example.org', username = NULL WHERE id = 10")
    assert {(each.source_key, each.problem) for each in backfill.differences("users")} == {
        ("[10]", "other email, name"),
        ("[15]", "the row did not come over"),
    }

    assert backfill.run("users") == {"users": Counts(migrated=3)}

    assert user_ids(backfill) == [10, 15, 20]
    assert (user(backfill, 10).email, user(backfill, 10).name) == ("moved@example.org", None)
    assert backfill.differences("users") == []


# Telegram-Archive #368: OFFSET paging passed over rows.
def test_a_row_deleted_behind_the_cursor_moves_no_other(
    backfill: FlatBackfill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backfill.domains.flat.slices.ROWS_PER_TRANSACTION", 2)
    insert_all(backfill, range(1, 10))
    run_id = backfill.open()
    with backfill.context(run_id) as context:
        domain = DOMAINS["users"]
        with backfill.unit_of_work.records() as tx:
            tx.backfill_items.add(run_id, "users", list(domain.items(context)))
        [item] = backfill.items(run_id)
        for deleted in (1, 3, 5, 7):
            domain.migrate(backfill.claimed(context, item, seconds=0))
            execute(backfill.url, "DELETE FROM users WHERE id = ?", deleted)
        while not domain.migrate(backfill.claimed(context, item, seconds=0)):
            pass

    assert user_ids(backfill) == list(range(1, 10))
    assert backfill.counts(run_id) == {"users": Counts(migrated=9)}
    [difference] = backfill.differences("users")
    assert difference.problem == "4 rows came over that the source no longer has"


# maintenance_tasks #796: the batch size was changed in mid-run.
def test_the_size_of_batches_may_change_in_the_middle(backfill: FlatBackfill, monkeypatch: pytest.MonkeyPatch) -> None:
    times = {number: None if number % 7 == 1 else f"1970-01-{number % 28 + 1:02}" for number in range(1, 40)}
    insert_rows(backfill.url, "users", [row_of(number, createdAt=at) for number, at in times.items()])
    run_id = backfill.open()
    with backfill.context(run_id) as context:
        with backfill.unit_of_work.records() as tx:
            tx.backfill_items.add(run_id, "users", ["users"])
        [item] = backfill.items(run_id)
        for size in (1, 5, 3, 100):
            monkeypatch.setattr("backfill.domains.flat.slices.ROWS_PER_TRANSACTION", size)
            done = DOMAINS["users"].migrate(backfill.claimed(context, item, seconds=0))
        while not done:
            done = DOMAINS["users"].migrate(backfill.claimed(context, item, seconds=0))

    assert backfill.counts(run_id) == {"users": Counts(migrated=39)}
    assert backfill.differences("users") == []


# tidb-tools #703: identical wrong changes cancelled each other in a checksum of XOR.
def test_tidb_tools_703_four_rows_shifted_alike_are_found(backfill: FlatBackfill, ledger_url: str) -> None:
    insert_all(backfill, range(1, 1_101))
    backfill.run("users")
    execute(ledger_url, "UPDATE users SET created_at = created_at + 3600000000 WHERE id IN (5, 6, 1023, 1100)")

    assert [(each.source_key, each.problem) for each in backfill.differences("users")] == [
        (f"[{number}]", "other created_at") for number in (5, 6, 1023, 1100)
    ]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE users SET email = 'Writer2@example.org' WHERE id = 2", "other email"),
        ("UPDATE user_passwords SET password = 'hash ' WHERE user_id = 2", "other password"),
        ("UPDATE users SET name = 'writer\u00a02' WHERE id = 2", "other name"),
        ("UPDATE users SET deleted_at = 1 WHERE id = 2", "other deleted_at"),
        ("DELETE FROM users WHERE id = 2", "the row did not come over"),
    ],
)
def test_each_change_of_a_user_in_the_ledger_is_found(
    backfill: FlatBackfill, ledger_url: str, sql: str, problem: str
) -> None:
    insert_all(backfill, (1, 2, 3))
    backfill.run("users")
    execute(ledger_url, sql)

    assert [(each.source_key, each.problem) for each in backfill.differences("users")] == [("[2]", problem)]


def test_text_keys_get_numbers_and_those_of_the_map_the_chosen_ones(tmp_path: Path, ledger: UnitOfWork) -> None:
    url = legacy_file(
        tmp_path / "text.db",
        "CREATE TABLE users (id VARCHAR(40) PRIMARY KEY, email VARCHAR(255), created_at DATETIME);"
        "INSERT INTO users VALUES ('cka', 'a@x.org', '2020-01-01'), ('ckb', 'b@x.org', '2020-01-01'),"
        " ('ckc', 'c@x.org', '2020-01-01')",
    )
    backfill = FlatBackfill(url, ledger)
    backfill.rules["users"] = {"key_map": {"ckb": 17}}

    assert backfill.run("users") == {"users": Counts(migrated=3)}

    with ledger.reading() as tx:
        ids = {row.email: row.id for row in tx.users.read()}
    assert ids == {"a@x.org": 18, "b@x.org": 17, "c@x.org": 19}
    assert backfill.differences("users") == []


def test_rows_before_the_first_time_get_it_although_it_is_pages_away(
    backfill: FlatBackfill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repos.legacy.rows.MAX_PAGE_ROWS", 2)
    insert_rows(backfill.url, "users", [row_of(number, createdAt=None) for number in range(1, 6)])
    insert(backfill, 6)

    backfill.run("users")

    assert {user(backfill, number).created_at for number in range(1, 7)} == {86_400_000_000}
    assert backfill.differences("users") == []
