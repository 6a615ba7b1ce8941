"""Chat: one table of messages, in the order they were written, each once, and never another user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backfill.domains.base import Counts
from backfill.domains.chat_logs import late_exchanges
from backfill.domains.chat_logs.log_rows import LogRow
from domain.chat import Usage
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, legacy_file
from tests.backfill.domains.legacy_chat import (
    EXCHANGES,
    HISTORY,
    OWNERS,
    SECOND,
    add_message,
    at,
    chat,
    exchange,
    run,
    texts,
)


@pytest.fixture
def backfill(tmp_path: Path, ledger: UnitOfWork) -> FlatBackfill:
    return FlatBackfill(legacy_file(tmp_path / "legacy.db", OWNERS + HISTORY + EXCHANGES), ledger)


def test_rows_become_messages_in_the_order_they_were_written(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "What moved? 🌫️")
    add_message(backfill, 2, "assistant", "The compass.\r\nThen the pier.")
    exchange(backfill, 3, "And then?", "The fog. 🌫️")
    add_message(backfill, 4, "user", "Thanks", script_id=None, user_id=2)

    assert run(backfill) == {"chat_history": Counts(migrated=3), "chat_messages": Counts(migrated=1)}

    rows = chat(backfill)
    assert [(row.message.role, row.message.content) for row in rows] == [
        ("user", "What moved? 🌫️"),
        ("assistant", "The compass.\r\nThen the pier."),
        ("user", "And then?"),
        ("assistant", "The fog. 🌫️"),
    ]
    assert [row.message.answers for row in rows] == [None, None, None, rows[2].id]
    assert {row.message.user_id for row in rows} == {1}
    assert rows[3].created_at == 86_400 * SECOND + 180 * SECOND
    with backfill.unit_of_work.reading() as tx:
        assert tx.chat_usage.of_message(rows[3].id) == [
            Usage(model="unknown", tokens_out=120, cost_micros=2_400, currency="USD")
        ]
        assert [row.message.content for row in tx.chat.of_user(2)] == ["Thanks"]
    assert backfill.differences("chat") == []


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [("Why?", None, ["Why?"]), (None, "So.", ["So."]), ("", "", [""]), (None, None, [""])],
)
def test_half_an_exchange_is_one_message(
    backfill: FlatBackfill, question: str | None, answer: str | None, expected: list[str]
) -> None:
    exchange(backfill, 1, question, answer)

    assert run(backfill)["chat_messages"] == Counts(migrated=1)

    assert texts(backfill) == expected
    with backfill.unit_of_work.reading() as tx:
        assert len(tx.chat_usage.of_message(chat(backfill)[0].id)) == 1
    assert backfill.differences("chat") == []


def test_an_answer_that_was_stored_first_comes_after_its_question(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "one", timestamp=at(1))
    add_message(backfill, 2, "assistant", "answer to one", timestamp=at(1))
    add_message(backfill, 3, "assistant", "answer to two", timestamp=at(2))
    add_message(backfill, 4, "user", "elsewhere", script_id=11, user_id=2, timestamp=at(2))
    add_message(backfill, 5, "user", "two", timestamp=at(2))
    add_message(backfill, 6, "assistant", "unasked", timestamp=at(3))
    add_message(backfill, 7, "user", "later", timestamp=at(4))

    run(backfill)

    assert texts(backfill) == ["one", "answer to one", "two", "answer to two", "unasked", "later"]
    assert backfill.differences("chat") == []


def test_the_order_stays_where_the_mapping_says_so(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "assistant", "answer", timestamp=at(1))
    add_message(backfill, 2, "user", "question", timestamp=at(1))
    backfill.decisions = {"L33": "report"}

    run(backfill)

    assert texts(backfill) == ["answer", "question"]


@pytest.mark.parametrize("exchange_second", [-3, 0, 1, 3, 11])
def test_one_exchange_in_two_logs_is_two_messages_and_their_cost(backfill: FlatBackfill, exchange_second: int) -> None:
    add_message(backfill, 1, "user", "What moved?", timestamp="1970-01-02 00:00:30")
    add_message(backfill, 2, "assistant", "The compass.\n", timestamp="1970-01-02 00:00:31")
    exchange(backfill, 1, "What moved? ", "The compass.", created_at=f"1970-01-02 00:00:{30 + exchange_second}")

    assert run(backfill) == {"chat_history": Counts(migrated=2), "chat_messages": Counts(merged=1)}

    question, answer = chat(backfill)
    assert answer.message.answers == question.id
    with backfill.unit_of_work.reading() as tx:
        assert [usage.cost_micros for usage in tx.chat_usage.of_message(answer.id)] == [2_400]
    assert backfill.differences("chat") == []


def test_a_question_is_found_though_its_answer_took_long(backfill: FlatBackfill) -> None:
    for number, seconds in enumerate((119, 121), 1):
        add_message(backfill, 2 * number, "user", f"What moved? {number}", timestamp=f"1970-01-0{number} 00:00:00")
        late = f"1970-01-0{number} 00:0{seconds // 60}:{seconds % 60:02}"
        add_message(backfill, 2 * number + 1, "assistant", "The compass.", timestamp=late)
        exchange(backfill, number, f"What moved? {number}", "The compass.", created_at=late)

    assert run(backfill) == {
        "chat_history": Counts(migrated=4),
        "chat_messages": Counts(migrated=1, merged=1),
    }
    assert backfill.differences("chat") == []


def test_exchanges_wait_for_their_own_answers_only(backfill: FlatBackfill) -> None:
    for number in (1, 2, 3):
        exchange(backfill, number, f"Q{number}", f"A{number}", created_at="1970-01-02 00:00:20")
        add_message(backfill, 2 * number, "user", f"Q{number}", timestamp="1970-01-02 00:00:05")
    add_message(backfill, 3, "assistant", "A1", timestamp="1970-01-02 00:00:29")
    add_message(backfill, 5, "assistant", "A2", timestamp="1970-01-02 00:00:20")
    add_message(backfill, 8, "user", "later", timestamp="1970-01-02 01:00:00")

    run(backfill)

    assert sorted(texts(backfill)) == ["A1", "A2", "A3", "Q1", "Q2", "Q3", "Q3", "later"]
    assert backfill.differences("chat") == []


def test_few_large_messages_wait_for_an_answer(backfill: FlatBackfill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_exchanges, "MAX_HELD_CHARACTERS", 2_500)
    held: list[int] = []
    add = late_exchanges._HeldRows.add

    def counted(rows: late_exchanges._HeldRows, row: LogRow) -> None:
        add(rows, row)
        held.append(len(rows))

    monkeypatch.setattr(late_exchanges._HeldRows, "add", counted)
    exchange(backfill, 1, "Q1", "A1", created_at="1970-01-02 00:00:20")
    for number in range(2, 30):
        add_message(backfill, number, "user", f"{number}" * 500, timestamp="1970-01-02 00:00:21")
    exchange(backfill, 2, "Q2", "A2", created_at="1970-01-02 00:01:20")
    add_message(backfill, 30, "user", "Q2", timestamp="1970-01-02 00:01:00")
    add_message(backfill, 31, "assistant", "A2", timestamp="1970-01-02 00:01:25")

    assert run(backfill) == {"chat_history": Counts(migrated=30), "chat_messages": Counts(migrated=1, merged=1)}

    assert 2 < max(held) < 9
    assert backfill.differences("chat") == []


def test_messages_that_only_resemble_each_other_stay_two(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "same")
    add_message(backfill, 2, "user", "same", timestamp=at(1))  # twice in one log
    exchange(backfill, 1, "same", None, created_at="1970-01-02 00:01:11")  # eleven seconds later
    exchange(backfill, 2, "same", None, script_id=11, user_id=2, created_at=at(1))  # another script
    exchange(backfill, 3, "same", "but with an answer", created_at=at(1))
    exchange(backfill, 4, "Same", None, created_at=at(1))

    assert run(backfill) == {"chat_history": Counts(migrated=2), "chat_messages": Counts(migrated=4)}

    assert backfill.differences("chat") == []


def test_each_message_is_merged_with_one_of_another_log_at_most(backfill: FlatBackfill) -> None:
    for number in (1, 2):
        add_message(backfill, number, "user", "ok", timestamp=at(1))
        exchange(backfill, number, "ok", None, created_at=at(1))
    exchange(backfill, 3, "ok", None, created_at=at(1))

    assert run(backfill) == {"chat_history": Counts(migrated=2), "chat_messages": Counts(migrated=1, merged=2)}


def test_both_logs_come_over_where_the_mapping_says_so(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "What moved?")
    exchange(backfill, 1, "What moved?", None)
    backfill.decisions = {"L34": "report"}

    assert run(backfill) == {"chat_history": Counts(migrated=1), "chat_messages": Counts(migrated=1)}


@pytest.mark.parametrize(
    ("do", "counts"), [("quarantine", Counts(quarantined=1)), ("skip", Counts(skipped=1)), ("repair", Counts(merged=1))]
)
def test_a_row_that_repeats_another_log_has_the_fate_that_was_decided(
    backfill: FlatBackfill, do: str, counts: Counts
) -> None:
    add_message(backfill, 1, "user", "What moved?")
    exchange(backfill, 1, "What moved?", None)
    reason = {"reason": "twice"} if do == "skip" else {}
    backfill.rules["chat_messages"] = {"decisions": [{"code": "L34", "key": [1], "do": do, **reason}]}

    assert run(backfill)["chat_messages"] == counts

    assert backfill.differences("chat") == []


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        ({"user_id": 2}, "L06"),
        ({"user_id": 0}, "L30"),
        ({"user_id": 99}, "L05"),
        ({"user_id": 3, "script_id": None}, "L05"),
        ({"script_id": 999}, "L05"),
        ({"script_id": 0}, "L05"),
    ],
)
def test_a_row_of_another_owner_or_of_none_is_set_aside(
    backfill: FlatBackfill, owner: dict[str, Any], code: str
) -> None:
    add_message(backfill, 1, "user", "whose?", **owner)
    add_message(backfill, 2, "user", "mine")

    assert run(backfill)["chat_history"] == Counts(migrated=1, quarantined=1)

    assert backfill.codes()["chat_history", "[1]"] == code
    assert texts(backfill) == ["mine"]
    assert backfill.differences("chat") == []


def test_the_mapping_decides_whose_a_row_is(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "accepted", user_id=2)
    add_message(backfill, 2, "user", "assigned", user_id=0)
    add_message(backfill, 3, "user", "left out", user_id=99)
    backfill.rules["chat_history"] = {
        "decisions": [
            {"code": "L06", "key": [1], "do": "accept"},
            {"code": "L30", "key": [2], "do": "assign", "to": 1},
            {"code": "L05", "key": [3], "do": "skip", "reason": "a test"},
        ]
    }

    assert run(backfill)["chat_history"] == Counts(migrated=2, skipped=1)

    assert [(row.message.user_id, row.message.content) for row in chat(backfill)] == [(2, "accepted"), (1, "assigned")]
    assert backfill.differences("chat") == []


def test_messages_without_a_user_stay_without_one(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "anonymous", user_id=None)

    run(backfill)

    assert [row.message.user_id for row in chat(backfill)] == [None]


def test_scripts_with_text_keys_get_their_numbers_before_they_come_over(tmp_path: Path, ledger: UnitOfWork) -> None:
    url = legacy_file(
        tmp_path / "text.db",
        OWNERS.replace("scripts (id INTEGER", "scripts (id VARCHAR(40)")
        .replace("(10, 1", "('cka', 1")
        .replace("(11, 2", "('ckb', 2")
        + HISTORY.replace("script_id INTEGER", "script_id VARCHAR(40)"),
    )
    backfill = FlatBackfill(url, ledger)
    backfill.rules["scripts"] = {"key_map": {"ckb": 70}}
    add_message(backfill, 1, "user", "of a", script_id="cka")
    add_message(backfill, 2, "user", "of b", script_id="ckb", user_id=2)
    add_message(backfill, 3, "user", "of none", script_id="ckc")

    assert run(backfill)["chat_history"] == Counts(migrated=2, quarantined=1)

    assert (texts(backfill, 71), texts(backfill, 70)) == (["of a"], ["of b"])
    with ledger.records() as tx:
        assert tx.script_ids.new() == 72
    assert run(backfill)["chat_history"] == Counts(migrated=2, quarantined=1)
    assert backfill.differences("chat") == []
