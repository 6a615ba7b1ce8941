"""Chat messages are stored unchanged, in order, with the cost of their model calls, in the transaction."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from domain.chat import ChatMessage, Usage
from domain.errors import Rejected
from repos.accounts.chat_usage import UsageTotal
from repos.database.driver_errors import DriverError
from repos.unit_of_work import UnitOfWork

_scripts = count(500)


@pytest.fixture
def script() -> int:
    return next(_scripts)


def chat_message(content: str, **more: Any) -> ChatMessage:
    return ChatMessage(role=more.pop("role", "user"), content=content, **more)


def test_a_message_is_stored_unchanged(unit_of_work: UnitOfWork, script: int):
    content = "Make it colder.\n\t“Nobody’d know.” 🎬 \\ '%s' \"{}\""
    metadata = {"scene": 12, "nested": {"list": [1, 2.5, None, True, "é"]}}
    with unit_of_work.records() as tx:
        user = tx.users.add(f"u{script}@chat.example", 1)
        message = chat_message(content, script_id=script, user_id=user, intent="rewrite", metadata=metadata)
        number = tx.chat.add(message, 7)

    with unit_of_work.reading() as tx:
        row = tx.chat.get(number)
    assert row == (number, message, 7)


def test_an_answer_names_its_question(unit_of_work: UnitOfWork, script: int):
    with unit_of_work.records() as tx:
        question = tx.chat.add(chat_message("Colder?", script_id=script), 1)
        answers = [
            tx.chat.add(chat_message(f"{n}", role="assistant", script_id=script, answers=question), 2) for n in range(3)
        ]
        assert [row.id for row in tx.chat.answers(question)] == answers
        assert [row.id for row in tx.chat.answers(question, limit=1)] == answers[:1]
        assert tx.chat.answers(answers[0]) == []


def test_the_chat_of_a_script_is_read_forwards_and_backwards(unit_of_work: UnitOfWork, script: int):
    with unit_of_work.records() as tx:
        user = tx.users.add(f"u{script}@chat.example", 1)
        message_ids = [tx.chat.add(chat_message(f"{n}", script_id=script, user_id=user), n) for n in range(5)]
        tx.chat.add(chat_message("about nothing"), 9)

    with unit_of_work.reading() as tx:
        assert [row.id for row in tx.chat.read(script, limit=2)] == message_ids[:2]
        assert [row.id for row in tx.chat.read(script, after=message_ids[1])] == message_ids[2:]
        assert [row.id for row in tx.chat.last(script, limit=2)] == message_ids[3:]
        assert [row.id for row in tx.chat.last(script, before=message_ids[3], limit=2)] == message_ids[1:3]
        assert [row.id for row in tx.chat.of_user(user, after=message_ids[0], limit=2)] == message_ids[1:3]
        assert tx.chat.get(10**9) is None


def test_intent_and_metadata_of_a_message_can_be_changed_later(unit_of_work: UnitOfWork, script: int):
    with unit_of_work.records() as tx:
        number = tx.chat.add(chat_message("Colder.", script_id=script), 1)
        assert tx.chat.annotate(number, intent="rewrite", metadata={"sure": 0.9})
        assert not tx.chat.annotate(10**9, intent=None, metadata={})
        row = tx.chat.get(number)

    assert row is not None
    assert (row.message.content, row.message.intent, row.message.metadata) == ("Colder.", "rewrite", {"sure": 0.9})


@pytest.mark.parametrize(
    "bad",
    [
        chat_message("a\x00b"),
        chat_message("x" * ((1 << 20) + 1)),
        chat_message("x", intent="i" * 65),
        chat_message("x", metadata={"n": float("nan")}),
        chat_message("x", metadata={"k" * 201: 1}),
    ],
    ids=["control character", "too long", "intent too long", "no number", "long name"],
)
def test_an_invalid_message_is_refused(unit_of_work: UnitOfWork, bad: ChatMessage):
    with unit_of_work.records() as tx, pytest.raises(Rejected):
        tx.chat.add(bad, 1)


@pytest.mark.parametrize("wrong", [{"user_id": 10**9}, {"answers": 10**9}, {"role": "narrator"}])
def test_the_database_refuses_unknown_references_and_roles(unit_of_work: UnitOfWork, wrong: dict[str, Any]):
    def add() -> None:
        with unit_of_work.records() as tx:
            tx.chat.add(chat_message("x", **wrong), 1)

    with pytest.raises(DriverError):
        add()


def test_the_usage_of_a_message_is_stored_for_each_call(unit_of_work: UnitOfWork, script: int):
    calls = [
        Usage(model="writer-1", tokens_in=900, tokens_out=50, cost_micros=1_250, latency_ms=700),
        Usage(model="writer-1", tokens_in=1_000, tokens_out=40),
        Usage(model="local", currency="EUR"),
    ]
    with unit_of_work.records() as tx:
        number = tx.chat.add(chat_message("Done.", role="assistant", script_id=script), 1)
        for call in calls:
            tx.chat_usage.add(number, call, 2)

    with unit_of_work.reading() as tx:
        assert tx.chat_usage.of_message(number) == calls
        assert tx.chat_usage.totals(script) == [
            UsageTotal("local", "EUR", 1, 0, 0, 0),
            UsageTotal("writer-1", "USD", 2, 1_900, 90, 1_250),
        ]


@pytest.mark.parametrize("bad", [Usage(model=""), Usage(model="m" * 121), Usage(model="m", currency="Galleons!")])
def test_an_invalid_usage_is_refused(unit_of_work: UnitOfWork, script: int, bad: Usage):
    with unit_of_work.records() as tx:
        number = tx.chat.add(chat_message("x", script_id=script), 1)
        with pytest.raises(Rejected):
            tx.chat_usage.add(number, bad, 1)


def test_the_database_refuses_a_negative_count(unit_of_work: UnitOfWork, script: int):
    def add() -> None:
        with unit_of_work.records() as tx:
            number = tx.chat.add(chat_message("x", script_id=script), 1)
            tx.chat_usage.add(number, Usage(model="m", tokens_in=-1), 1)

    with pytest.raises(DriverError):
        add()


WRITES: list[Callable[..., object]] = [
    lambda tx, script: tx.chat.add(chat_message("x", script_id=script), 1),
    lambda tx, script: tx.users.add(f"gone{script}@chat.example", 1),
]


@pytest.mark.parametrize("write", WRITES, ids=["chat", "users"])
def test_rolled_back_rows_do_not_exist(unit_of_work: UnitOfWork, script: int, write: Callable[..., object]):
    def fail() -> None:
        with unit_of_work.records() as tx:
            write(tx, script)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with unit_of_work.reading() as tx:
        assert tx.chat.read(script) == []
        assert tx.users.find(f"gone{script}@chat.example") is None
