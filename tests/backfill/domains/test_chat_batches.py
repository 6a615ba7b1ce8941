"""Batches of chat: interrupted, repeated, refused in part, and proved against the source."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from backfill.domains.base import Counts
from backfill.domains.registry import DOMAINS
from domain.chat import ChatMessage
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, execute, insert_rows, legacy_file
from tests.backfill.domains.legacy_chat import EXCHANGES, HISTORY, OWNERS, add_message, at, chat, exchange, run, texts
from tests.materialization.writer import START


@pytest.fixture
def backfill(tmp_path: Path, ledger: UnitOfWork) -> FlatBackfill:
    return FlatBackfill(legacy_file(tmp_path / "legacy.db", OWNERS + HISTORY + EXCHANGES), ledger)


def conversation(backfill: FlatBackfill, minutes: int) -> None:
    """In each minute a question, its answer, and the exchange in the other log; every fifth answer is stored first."""
    history, exchanges = [], []
    for minute in range(1, minutes + 1):
        question, answer = f"question {minute} 🌫️", f"answer {minute}"
        rows = [("user", question), ("assistant", answer)]
        for place, (role, content) in enumerate(reversed(rows) if minute % 5 == 0 else rows):
            number = 2 * minute + place
            row = {"id": number, "user_id": 1, "script_id": 10, "type": role, "content": content}
            history.append(row | {"timestamp": at(minute)})
        more = {"assistant_response": answer, "tokens": minute, "cost": None, "created_at": at(minute)}
        exchanges.append({"id": minute, "user_id": 1, "script_id": 10, "user_prompt": question} | more)
    insert_rows(backfill.url, "chat_history", history)
    insert_rows(backfill.url, "chat_messages", exchanges)


def everything(backfill: FlatBackfill) -> list[tuple[Any, ...]]:
    """All messages and what they cost."""
    with backfill.unit_of_work.reading() as tx:
        rows = chat(backfill)
        return [(row, tx.chat_usage.of_message(row.id)) for row in rows]


def test_a_conversation_in_two_logs_is_one(backfill: FlatBackfill) -> None:
    conversation(backfill, 40)

    assert run(backfill) == {"chat_history": Counts(migrated=80), "chat_messages": Counts(merged=40)}

    assert texts(backfill) == [text for minute in range(1, 41) for text in (f"question {minute} 🌫️", f"answer {minute}")]
    assert backfill.differences("chat") == []


def test_logs_whose_ids_do_not_follow_their_times_are_one_all_the_same(backfill: FlatBackfill) -> None:
    conversation(backfill, 40)
    execute(backfill.url, "UPDATE chat_history SET id = 1000 - id")
    add_message(backfill, 1, "user", "of the future", timestamp="2099-01-01 00:00:00")

    assert run(backfill) == {"chat_history": Counts(migrated=81), "chat_messages": Counts(merged=40)}

    assert texts(backfill)[-3:] == ["question 40 🌫️", "answer 40", "of the future"]
    assert backfill.differences("chat") == []


# maintenance_tasks #796: the batch size was changed in mid-run.
@pytest.mark.parametrize("window", [1, 5, 1_000])
@pytest.mark.parametrize("sizes", [(1,), (2, 7, 1, 50), (3,)])
def test_batches_of_any_size_end_the_same(
    backfill: FlatBackfill,
    monkeypatch: pytest.MonkeyPatch,
    other_ledger: UnitOfWork,
    sizes: tuple[int, ...],
    window: int,
) -> None:
    monkeypatch.setattr("backfill.domains.chat_logs.log_rows.WINDOW_ROWS", window)
    conversation(backfill, 20)
    # Times that do not follow the ids, and one in the future.
    execute(backfill.url, "UPDATE chat_history SET timestamp = '2099-01-01' WHERE id = 8")
    execute(backfill.url, "UPDATE chat_messages SET created_at = '1970-01-02 00:18:00' WHERE id = 4")
    in_batches = by_slices(backfill, monkeypatch, sizes)
    whole = FlatBackfill(backfill.url, other_ledger)
    counts = run(whole)
    assert (counts["chat_history"].rows, counts["chat_messages"].rows) == (40, 20)

    assert in_batches == everything(whole)
    assert whole.differences("chat") == []


def by_slices(backfill: FlatBackfill, monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """Run one batch a slice, each in a process of its own as far as can be seen."""
    run_id = backfill.open()
    backfill.run_domain(run_id, "users")
    with backfill.unit_of_work.records() as tx:
        tx.backfill_items.add(run_id, "chat", ["all tables"])
    item = backfill.items(run_id)[-1]
    for size in itertools.cycle(sizes):
        monkeypatch.setattr("backfill.domains.chat_logs.reading_order.MAX_BATCH_ROWS", size)
        with backfill.context(run_id) as context:
            if DOMAINS["chat"].migrate(backfill.claimed(context, item, seconds=0)):
                break
    assert (backfill.counts(run_id)["chat_history"].rows, backfill.counts(run_id)["chat_messages"].rows) == (40, 20)
    return everything(backfill)


def test_a_second_run_writes_nothing(backfill: FlatBackfill, ledger_url: str) -> None:
    conversation(backfill, 10)
    add_message(backfill, 900, "user", "whose?", user_id=99)
    first = run(backfill)
    before = everything(backfill)
    for table in ("chat_messages", "chat_message_usage", "legacy_keys", "legacy_rows"):
        for what in ("INSERT", "UPDATE"):
            execute(
                ledger_url,
                f"CREATE TRIGGER {what}_{table} BEFORE {what} ON {table} BEGIN SELECT RAISE(FAIL, 'written'); END",
            )

    assert run(backfill) == first

    assert everything(backfill) == before
    assert backfill.differences("chat") == []


# claude-mem #3917: a high-water mark walked over late rows.
def test_claude_mem_3917_late_rows_and_changed_ones_come_with_the_next_run(backfill: FlatBackfill) -> None:
    add_message(backfill, 10, "user", "ten")
    exchange(backfill, 1, "q", "a")
    run(backfill)
    add_message(backfill, 5, "assistant", "five")
    execute(backfill.url, "UPDATE chat_history SET content = 'ten, but changed' WHERE id = 10")
    execute(backfill.url, "UPDATE chat_messages SET assistant_response = 'another answer' WHERE id = 1")

    assert run(backfill) == {"chat_history": Counts(migrated=2), "chat_messages": Counts(migrated=1)}

    assert sorted(texts(backfill)) == ["another answer", "five", "q", "ten, but changed"]
    assert backfill.differences("chat") == []


def test_a_message_that_was_merged_and_then_changed_is_set_aside(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "same")
    exchange(backfill, 1, "same", None)
    run(backfill)
    execute(backfill.url, "UPDATE chat_messages SET user_prompt = 'another' WHERE id = 1")

    assert run(backfill)["chat_messages"] == Counts(quarantined=1)

    assert backfill.codes()["chat_messages", "[1]"] == "row_changed"


# datahub #19369: one bad row failed its 99 neighbours.
def test_datahub_19369_399_of_400_rows_come_over(backfill: FlatBackfill, ledger_url: str) -> None:
    rows = [
        {
            "id": number,
            "user_id": 1,
            "script_id": 10,
            "type": "user",
            "content": f"text {number}",
            "timestamp": at(number),
        }
        for number in range(1, 401)
    ]
    insert_rows(backfill.url, "chat_history", rows)
    execute(
        ledger_url,
        "CREATE TRIGGER refuses BEFORE INSERT ON chat_messages WHEN NEW.content = 'text 123' "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END",
    )

    assert run(backfill) == {"chat_history": Counts(migrated=399, quarantined=1)}

    assert backfill.codes()["chat_history", "[123]"] == "refused_by_database"
    assert texts(backfill) == [f"text {number}" for number in range(1, 401) if number != 123]
    assert [each.source_key for each in backfill.differences("chat")] == ["[123]"]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE chat_messages SET content = 'Question 2 🌫️' WHERE id = 3", "other content"),
        ("UPDATE chat_messages SET created_at = created_at + 1 WHERE id = 3", "other created_at"),
        ("UPDATE chat_messages SET user_id = 2 WHERE id = 3", "other user_id"),
        ("UPDATE chat_messages SET script_id = NULL WHERE id = 3", "other script_id"),
        ("UPDATE chat_messages SET role = 'system', intent = 'x' WHERE id = 3", "other intent, role"),
    ],
)
def test_each_change_of_a_message_is_found(backfill: FlatBackfill, ledger_url: str, sql: str, problem: str) -> None:
    conversation(backfill, 4)
    run(backfill)
    execute(ledger_url, sql)

    found = {(each.source_table, each.source_key): each.problem for each in backfill.differences("chat")}

    assert found["chat_history", "[4]"] == problem


@pytest.mark.parametrize(
    ("sql", "place", "problem"),
    [
        (
            "INSERT INTO chat_messages (user_id, script_id, role, content, metadata, created_at) "
            "SELECT user_id, script_id, role, content, metadata, created_at FROM chat_messages WHERE id = 1",
            ("chat_messages", "[9]"),
            "no legacy row explains this message of the ledger",
        ),
        (
            "UPDATE chat_message_usage SET tokens_out = 7 WHERE message_id = 2",
            ("chat_messages", "[1]"),
            "other usage",
        ),
        ("DELETE FROM chat_message_usage WHERE message_id = 2", ("chat_messages", "[1]"), "other usage"),
        ("DELETE FROM chat_messages WHERE id = 3", ("chat_history", "[4]"), "the row did not come over"),
    ],
)
def test_each_row_too_many_or_missing_is_found(
    backfill: FlatBackfill, ledger_url: str, sql: str, place: tuple[str, str], problem: str
) -> None:
    conversation(backfill, 4)
    run(backfill)
    execute(ledger_url, sql)

    found = {(each.source_table, each.source_key): each.problem for each in backfill.differences("chat")}

    assert found[place] == problem


def test_messages_that_the_application_wrote_since_are_no_difference(backfill: FlatBackfill) -> None:
    conversation(backfill, 2)
    run(backfill)
    with backfill.unit_of_work.records() as tx:
        tx.chat.add(ChatMessage(role="user", content="new", script_id=10, user_id=1), START)

    assert backfill.differences("chat") == []
