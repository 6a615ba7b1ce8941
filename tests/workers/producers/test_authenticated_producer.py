"""Authenticated producer tests: chat and edit in one transaction, and a dead letter for each rejection."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import pytest

from domain.chat import ChatMessage, Usage
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Rejected
from domain.submissions.submission import Cause, encode_submission
from materialization.submissions.backfill_mode import begin_backfill
from repos.database.driver_errors import TooLargeForDatabase
from tests.workers.writer_setup import LINES, WritingRoom

MESSAGE = ChatMessage(role="user", content="Make it colder.", intent="rewrite")
USAGE = Usage(model="intent-1", tokens_in=20, tokens_out=2)


def test_message_usage_and_submission_are_committed_together(room: WritingRoom):
    entered = room.authenticated.enqueue(
        room.token, room.payload(room.edit(3, "Colder."), id="e1"), message=MESSAGE, usages=[USAGE]
    )

    assert room.bell.rings == [room.script_id]
    with room.unit_of_work.reading() as tx:
        row = tx.chat.get(entered.message_id or 0)
        assert tx.chat_usage.of_message(entered.message_id or 0) == [USAGE]
    assert row is not None
    assert (row.message.content, row.message.script_id, row.message.user_id) == (
        MESSAGE.content,
        room.script_id,
        room.user,
    )
    assert room.drain() == 1
    assert room.texts()[2] == "Colder."
    with room.unit_of_work.reading() as tx:
        entry = tx.commands.get(room.script_id, 2)
    assert entry is not None
    assert msgspec.json.decode(entry.cause, type=Cause).chat_message_id == entered.message_id


def test_a_failure_in_the_last_step_leaves_nothing(room: WritingRoom, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("between the message and the submission")

    monkeypatch.setattr(room.producer, "enqueue", full)
    with pytest.raises(RuntimeError):
        room.authenticated.enqueue(room.token, room.payload(), message=MESSAGE, usages=[USAGE])

    with room.unit_of_work.reading() as tx:
        assert tx.chat.read(room.script_id) == []
        assert tx.chat_usage.totals(room.script_id) == []
    assert room.waiting() == 0
    assert room.bell.rings == []


def test_the_caller_s_own_transaction_is_atomic(room: WritingRoom):
    def chat_and_edit(*, fail: bool) -> None:
        with room.unit_of_work.records() as tx:
            number = tx.chat.add(ChatMessage(role="user", content="x", script_id=room.script_id), 1)
            tx.chat_usage.add(number, USAGE, 1)
            room.producer.enqueue(room.submission(room.edit(1, "x"), cause=Cause(chat_message_id=number)), tx)
            if fail:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        chat_and_edit(fail=True)
    assert room.waiting() == 0
    assert room.bell.rings == []
    chat_and_edit(fail=False)
    assert room.waiting() == 1
    with room.unit_of_work.reading() as tx:
        assert len(tx.chat.read(room.script_id)) == 1


def test_submissions_of_one_producer_are_applied_in_order(room: WritingRoom):
    for number in range(1, 11):
        command = room.edit(number, f"Colder {number}.")
        room.authenticated.enqueue(room.token, room.payload(command, id=f"turn-{number}"), message=MESSAGE)

    assert room.drain() == 10
    answers = [room.answer(f"turn-{number}") for number in range(1, 11)]
    assert [answer.first_version for answer in answers if answer] == list(range(2, 12))


def test_a_repeated_submission_is_one_message_and_one_edit(room: WritingRoom):
    payload = room.payload(room.edit(3, "Colder."), id="e1")

    first = room.authenticated.enqueue(room.token, payload, message=MESSAGE)
    again = room.authenticated.enqueue(room.token, payload, message=MESSAGE)
    room.drain()
    late = room.authenticated.enqueue(room.token, payload, message=MESSAGE)
    room.drain()

    assert first.message_id == again.message_id == late.message_id
    with room.unit_of_work.reading() as tx:
        assert len(tx.chat.read(room.script_id)) == 1
    assert room.state().version == 2
    assert room.dead() == []


def test_a_refused_submission_sent_again_adds_no_message(room: WritingRoom):
    payload = room.payload(id="e1", base=9)
    room.authenticated.enqueue(room.token, payload, message=MESSAGE)
    room.drain()

    room.authenticated.enqueue(room.token, payload, message=MESSAGE)
    room.drain()

    with room.unit_of_work.reading() as tx:
        assert len(tx.chat.read(room.script_id)) == 1
    assert [letter.code for letter in room.dead()] == ["base_in_future"]


class RejectedRequest(NamedTuple):
    """A rejected request: the session, the payload, and the place of its dead letter."""

    token: str
    payload: bytes
    script_id: int


def of_another_user(room: WritingRoom) -> RejectedRequest:
    _, stranger = room.sign_in()
    return RejectedRequest(stranger, room.payload(id="theirs"), room.script_id)


def expired(room: WritingRoom) -> RejectedRequest:
    room.now = 2_000
    return RejectedRequest(room.token, room.payload(), room.script_id)


def revoked(room: WritingRoom) -> RejectedRequest:
    with room.unit_of_work.records() as tx:
        tx.sign_ins.revoke_all(room.user, room.now)
    return RejectedRequest(room.token, room.payload(), room.script_id)


def of_no_script(room: WritingRoom) -> RejectedRequest:
    return RejectedRequest(room.token, room.payload(script_id=10**9), 10**9)


def for_another_owner(room: WritingRoom) -> RejectedRequest:
    create = ScriptCreate(title="x", lines=LINES, owner=room.user + 10**6)
    return RejectedRequest(room.token, room.payload(create, script_id=10**9 + 1, base=0), 10**9 + 1)


def about_other_chat(room: WritingRoom) -> RejectedRequest:
    with room.unit_of_work.records() as tx:
        number = tx.chat.add(ChatMessage(role="user", content="x", script_id=10**9), 1)
    return RejectedRequest(room.token, room.payload(cause=Cause(chat_message_id=number)), room.script_id)


def same_id(room: WritingRoom) -> RejectedRequest:
    room.authenticated.enqueue(room.token, room.payload(room.edit(1, "first"), id="e1"))
    return RejectedRequest(room.token, room.payload(room.edit(1, "other"), id="e1"), room.script_id)


def without_a_model(room: WritingRoom) -> RejectedRequest:
    return RejectedRequest(room.token, room.payload(author="ai"), room.script_id)


def an_archiving_ai(room: WritingRoom) -> RejectedRequest:
    cause = Cause(model="m", run_id="r", prompt="p")
    return RejectedRequest(room.token, room.payload(ScriptArchive(), author="ai", cause=cause), room.script_id)


def as_a_backfill(room: WritingRoom) -> RejectedRequest:
    return RejectedRequest(room.token, room.payload(author="backfill"), room.script_id)


REJECTED: dict[str, Callable[[WritingRoom], RejectedRequest]] = {
    "not_your_script": of_another_user,
    "session_expired": expired,
    "session_revoked": revoked,
    "unknown_script": of_no_script,
    "not_your_script, a new one": for_another_owner,
    "unknown_chat_message": about_other_chat,
    "same_id_other_content": same_id,
    "author_incomplete": without_a_model,
    "not_for_ai": an_archiving_ai,
    "author_reserved": as_a_backfill,
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_rejection_leaves_only_a_dead_letter(room: WritingRoom, case: str):
    token, payload, script_id = REJECTED[case](room)
    waiting, version = room.waiting(), room.state().version

    with pytest.raises(Rejected) as caught:
        room.authenticated.enqueue(token, payload, message=MESSAGE)

    code = case.partition(",")[0]
    assert caught.value.code == code
    assert caught.value.message.endswith(".")
    assert "{" not in caught.value.message
    letters = [row for row in room.dead(script_id) if row.code == code]
    assert letters
    assert letters[-1].payload == payload
    assert letters[-1].message == caught.value.message
    assert (room.waiting(), room.state().version) == (waiting, version)
    with room.unit_of_work.reading() as tx:
        assert tx.chat.read(room.script_id) == []


def test_an_unreadable_payload_leaves_a_dead_letter(room: WritingRoom):
    with pytest.raises(Rejected):
        room.authenticated.enqueue(room.token, b'{"script_id": "no')

    assert room.dead(0)[-1].payload == b'{"script_id": "no'
    assert room.dead(0)[-1].code == "undecodable"


def test_an_unknown_session_leaves_nothing(room: WritingRoom):
    before = len(room.dead())
    with pytest.raises(Rejected) as caught:
        room.authenticated.enqueue("no-such-token", room.payload())

    assert caught.value.code == "unknown_session"
    assert len(room.dead()) == before


def test_a_script_without_an_owner_is_open_to_every_user(room: WritingRoom):
    shared = room.new_script(None)
    _, stranger = room.sign_in()

    room.authenticated.enqueue(stranger, room.payload(script_id=shared))

    assert room.drain(shared) == 1


def test_a_user_creates_a_script_of_their_own(room: WritingRoom):
    script_id = room.authenticated.new_script_id(room.token)
    create = ScriptCreate(title="x", lines=LINES, owner=room.user)

    room.authenticated.enqueue(room.token, room.payload(create, script_id=script_id, base=0))

    assert room.drain(script_id) == 1
    with room.unit_of_work.reading() as tx:
        assert tx.scripts.get(script_id).user_id == room.user  # type: ignore[union-attr]


REFUSED_LATER = {
    "script_archived": lambda room: room.payload(room.edit(2, "x"), id="late", base=2),
    "base_in_future": lambda room: room.payload(room.edit(2, "x"), id="late", base=99),
    "script_being_backfilled": lambda room: room.payload(room.edit(2, "x"), id="late"),
}


@pytest.mark.parametrize("code", REFUSED_LATER)
def test_a_refusal_by_the_script_is_answered_and_stored(room: WritingRoom, code: str):
    if code == "script_archived":
        room.ledger.submit(room.submission(ScriptArchive()))
    if code == "script_being_backfilled":
        begin_backfill(room.unit_of_work, room.script_id)
    payload = REFUSED_LATER[code](room)

    room.authenticated.enqueue(room.token, payload)
    room.drain()

    answer = room.answer("late")
    assert answer is not None
    assert answer.refusal is not None
    assert answer.refusal.code == code
    (letter,) = room.dead()
    assert (letter.code, letter.payload, letter.message) == (code, payload, answer.refusal.message)


def test_a_message_larger_than_the_packet_limit_is_refused(room: WritingRoom):
    """MariaDB limits the packet size; SQLite accepts the message, which is then too long."""
    with pytest.raises(Rejected) as caught:
        room.authenticated.enqueue(
            room.token, room.payload(), message=ChatMessage(role="user", content="x" * (1 << 21))
        )

    assert isinstance(caught.value, TooLargeForDatabase) or caught.value.code == "text_too_long"
    assert room.waiting() == 0


def test_the_stored_message_equals_the_sent_one(room: WritingRoom):
    submission = room.submission(room.edit(1, "x"), id="e1")
    room.authenticated.enqueue(room.token, encode_submission(submission))

    with room.unit_of_work.reading() as tx:
        assert tx.inbox.payload_of(room.script_id, "e1") == encode_submission(submission)
