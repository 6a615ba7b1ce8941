"""Values of chat rows: roles, texts, times and costs, repaired where they must be, and kept as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.domains.base import Counts
from domain.chat import Usage
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, insert_rows, legacy_file
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


@pytest.mark.parametrize(
    ("role", "ours"), [("system", "system"), ("critic", "system"), ("", "system"), (None, "system")]
)
def test_a_role_that_is_none_of_ours_is_kept_as_it_was(backfill: FlatBackfill, role: str | None, ours: str) -> None:
    add_message(backfill, 1, role, "x")

    run(backfill)

    assert chat(backfill)[0].message.role == ours
    assert backfill.repaired("chat_history", "[1]") == ({} if role == "system" else {"type": role})


@pytest.mark.parametrize(
    ("content", "stored"),
    [("NUL\0 here", "NUL here"), ("\ufeffmarked", "marked"), ("a\r\nb\nc", "a\nb\nc"), (None, ""), ("", "")],
)
def test_a_text_is_repaired_and_kept_as_it_was(backfill: FlatBackfill, content: str | None, stored: str) -> None:
    add_message(backfill, 1, "user", content)

    run(backfill)

    assert texts(backfill) == [stored]
    assert backfill.repaired("chat_history", "[1]") == ({"content": content} if content else {})
    assert backfill.differences("chat") == []


@pytest.mark.parametrize(
    ("content", "code"), [("x" * ((1 << 20) + 1), "text_too_long"), ("Ana wrote cafÃ© and naÃ¯ve", "L12")]
)
def test_a_text_that_cannot_be_had_is_set_aside(backfill: FlatBackfill, content: str, code: str) -> None:
    add_message(backfill, 1, "user", content)
    add_message(backfill, 2, "user", "fine")

    assert run(backfill)["chat_history"] == Counts(migrated=1, quarantined=1)

    row = backfill.quarantined()["chat_history", "[1]"]
    assert (row.code, row.column, row.length) == (code, "content", len(content.encode()))


def test_text_that_was_encoded_twice_is_repaired_on_request(backfill: FlatBackfill) -> None:
    add_message(backfill, 1, "user", "cafÃ©")
    backfill.decisions = {"L12": "repair"}

    run(backfill)

    assert texts(backfill) == ["café"]
    assert backfill.repaired("chat_history", "[1]") == {"content": "cafÃ©"}


@pytest.mark.parametrize("zero", ["0000-00-00 00:00:00", "1970-01-00", "", None, "soon"])
def test_a_zero_date_is_that_of_the_row_before(backfill: FlatBackfill, zero: str | None) -> None:
    for number in (1, 2, 3):
        add_message(backfill, number, "user", str(number), timestamp=at(number) if number == 2 else zero)
    exchange(backfill, 1, "first", None, created_at="1970-01-01 12:00:00")

    run(backfill)

    assert texts(backfill) == ["first", "1", "2", "3"]
    assert [row.created_at for row in chat(backfill)][1:] == [86_400 * SECOND + 120 * SECOND] * 3
    assert backfill.repaired("chat_history", "[3]") == {"timestamp": zero}
    assert backfill.differences("chat") == []


def test_metadata_intents_and_costs_are_kept_apart_from_the_text(tmp_path: Path, ledger: UnitOfWork) -> None:
    url = legacy_file(
        tmp_path / "calls.db",
        OWNERS + "CREATE TABLE model_calls (id INTEGER PRIMARY KEY, script_id INTEGER, intent VARCHAR(90), prompt TEXT,"
        " response TEXT, model VARCHAR(200), prompt_tokens INTEGER, completion_tokens TEXT, cost TEXT, currency TEXT,"
        " latency_ms INTEGER, mood JSON, weight DECIMAL(5,2), created_at DATETIME)",
    )
    backfill = FlatBackfill(url, ledger)
    rule = {"to": "metadata.mood"}
    backfill.rules["model_calls"] = {"columns": {"mood": rule, "weight": {"to": "metadata.weight"}}}
    columns = (
        "intent",
        "model",
        "prompt_tokens",
        "completion_tokens",
        "cost",
        "currency",
        "latency_ms",
        "mood",
        "weight",
    )
    for number, values in enumerate(
        [
            ("edit", "a-model-1", 10, "20", "0.5", "EUR", 900, '{"tone": ["dry"]}', 1.5),
            ("e" * 90, "m" * 200, -1, "many", "free", "U.S. dollars", 1 << 40, "{broken", None),
        ],
        1,
    ):
        row = dict(zip(columns, values, strict=True))
        insert_rows(url, "model_calls", [{"id": number, "script_id": 10, "prompt": "q", "response": "a", **row}])

    assert backfill.run("users", "chat")["model_calls"] == Counts(migrated=2)

    rows = chat(backfill)
    assert [row.message.intent for row in rows] == ["edit", None, "e" * 64, None]
    assert rows[0].message.metadata == {"mood": {"tone": ["dry"]}, "weight": 1.5}
    with ledger.reading() as tx:
        assert tx.chat_usage.of_message(rows[1].id) == [
            Usage(model="a-model-1", tokens_in=10, tokens_out=20, cost_micros=500_000, currency="EUR", latency_ms=900)
        ]
        assert tx.chat_usage.of_message(rows[3].id) == [Usage(model="m" * 120, currency="XXX")]
    assert set(backfill.repaired("model_calls", "[2]")) == set(columns) - {"weight"} | {"created_at"}
    assert backfill.differences("chat") == []
