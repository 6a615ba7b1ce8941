"""User claim tests: a signed-in user can neither act in another name nor read another user's script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from domain.accounts import NotYourScript, SessionExpired, SessionRevoked, UnknownSession
from domain.chat import ChatMessage
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Rejected
from domain.refusals import UnknownScript
from domain.submissions.submission import Cause, Submission, encode_submission
from materialization.submissions.resubmit import rejection, replayed
from repos.proposals.proposals import ProposalRequest
from tests.workers.writer_setup import WritingRoom
from workers.producers.producer import NotAnsweredInTime, UnknownSubmission

AI = Cause(model="m", run_id="r", prompt="p")
MESSAGE = ChatMessage(role="user", content="Make it colder.")


def claims(room: WritingRoom, cause: Cause, author: str = "user") -> Submission:
    return room.submission(room.edit(1, "x"), author=author, cause=cause)


def message(room: WritingRoom, script_id: int, user: int | None) -> int:
    with room.unit_of_work.records() as tx:
        return tx.chat.add(ChatMessage(role="user", content="x", script_id=script_id, user_id=user), 1)


def proposal(room: WritingRoom, script_id: int, user: int | None = None) -> int:
    with room.unit_of_work.records() as tx:
        return tx.proposals.add(ProposalRequest(script_id, "x", 1, "run-1", user), 1)


def another(room: WritingRoom) -> int:
    return room.sign_in()[0]


REFUSED: dict[str, tuple[str, Callable[[WritingRoom], Submission]]] = {
    "the system": ("author_reserved", lambda room: claims(room, Cause(), "system")),
    "an import": ("author_reserved", lambda room: claims(room, Cause(), "import")),
    "a backfill": ("author_reserved", lambda room: claims(room, Cause(), "backfill")),
    "an AI without a name": ("author_incomplete", lambda room: claims(room, Cause(), "ai")),
    "a replay": ("cause_reserved", lambda room: claims(room, Cause(replays="s1"))),
    "the undo of version 0": ("unknown_version", lambda room: claims(room, Cause(undoes=0))),
    "the undo of a missing version": ("unknown_version", lambda room: claims(room, Cause(undoes=2))),
    "a missing message": ("unknown_chat_message", lambda room: claims(room, Cause(chat_message_id=10**9))),
    "a message about another script": (
        "unknown_chat_message",
        lambda room: claims(room, Cause(chat_message_id=message(room, room.new_script(None), room.user))),
    ),
    "a message about no script": (
        "unknown_chat_message",
        lambda room: claims(room, Cause(chat_message_id=message(room, 10**9, room.user))),
    ),
    "a message of another user": (
        "unknown_chat_message",
        lambda room: claims(room, Cause(chat_message_id=message(room, room.script_id, another(room)))),
    ),
    "a missing proposal": ("unknown_proposal", lambda room: claims(room, Cause(proposal_id=10**9))),
    "a proposal of another user": (
        "unknown_proposal",
        lambda room: claims(
            room, msgspec.structs.replace(AI, proposal_id=proposal(room, room.script_id, another(room))), "ai"
        ),
    ),
    "a proposal for another script": (
        "unknown_proposal",
        lambda room: claims(room, msgspec.structs.replace(AI, proposal_id=proposal(room, 10**9)), "ai"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_reserved_claims_are_refused(room: WritingRoom, name: str):
    code, make = REFUSED[name]

    with pytest.raises(Rejected) as caught:
        room.authenticated.enqueue(room.token, encode_submission(make(room)))

    assert caught.value.code == code
    (letter,) = room.dead()
    assert (letter.code, letter.user_id) == (code, room.user)
    assert room.waiting() == 0


@pytest.mark.parametrize("author", ["system", "import", "backfill"])
def test_a_reserved_author_is_refused_with_the_head_locked_too(room: WritingRoom, author: str):
    submission = claims(room, Cause(), author)
    with room.unit_of_work.records() as tx:
        tx.inbox.put(room.script_id, submission.submission_id, encode_submission(submission), 1, user_id=room.user)

    room.drain()

    answer = room.answer(submission.submission_id)
    assert answer is not None
    assert answer.refusal is not None
    assert answer.refusal.code == "author_reserved"
    assert room.state().version == 1


def test_claims_about_own_data_are_accepted(room: WritingRoom):
    own = (
        claims(room, Cause(undoes=1)),
        claims(room, Cause(chat_message_id=message(room, room.script_id, room.user))),
        claims(room, Cause(chat_message_id=message(room, room.script_id, None))),
        claims(room, msgspec.structs.replace(AI, proposal_id=proposal(room, room.script_id)), "ai"),
    )
    for submission in own:
        room.authenticated.enqueue(room.token, encode_submission(submission))

    assert room.drain() == len(own)


@dataclass
class Named:
    """A user's name and address, and the actor of their submissions."""

    name: str | None
    actor: str | None


@pytest.mark.parametrize(
    "named",
    [
        Named("Rosa", "Rosa"),
        Named(None, None),
        Named("A\tname\x1b[31m\nof \x9bmany", "A name [31m of  many"),
        Named("x" * 200, "x" * 120),
    ],
)
@pytest.mark.parametrize("sent", ["Victim", "", "Rosa"])
def test_the_log_names_the_signed_in_user_whatever_actor_is_sent(room: WritingRoom, named: Named, sent: str):
    with room.unit_of_work.records() as tx:
        address = f"{sent}.{len(named.name or '')}.{room.user}@room.example"
        user = tx.users.add(address, 1, name=named.name)
        token = tx.sign_ins.open(user, room.now, until=2_000).token
    script_id = room.new_script(user)
    submission = msgspec.structs.replace(room.submission(room.edit(1, "x"), script_id=script_id), actor=sent)

    room.authenticated.enqueue(token, encode_submission(submission))
    room.drain(script_id)

    with room.unit_of_work.reading() as tx:
        entry = tx.commands.get(script_id, 2)
    assert entry is not None
    assert entry.actor == (named.actor or address)


def test_a_renamed_user_can_repeat_a_submission(room: WritingRoom):
    payload = room.payload(room.edit(1, "x"), id="e1")
    first = room.authenticated.enqueue(room.token, payload, message=MESSAGE)
    with room.unit_of_work.records() as tx:
        tx.users.rename(room.user, "Rosa Luz")

    assert room.authenticated.enqueue(room.token, payload, message=MESSAGE).message_id == first.message_id
    room.drain()
    assert room.authenticated.enqueue(room.token, payload, message=MESSAGE).message_id == first.message_id
    room.drain()

    assert room.dead() == []
    assert room.state().version == 2


def test_an_answer_is_visible_to_users_who_may_read_the_script(room: WritingRoom):
    entered = room.authenticated.enqueue(
        room.token, room.payload(LineEdit(line="l1", expect="0" * 12, text="?"), id="e1")
    )
    assert room.authenticated.outcome(room.token, *entered.receipt[:2]) is None
    with pytest.raises(NotAnsweredInTime):
        room.authenticated.wait(room.token, room.script_id, "e1", timeout=0)
    room.drain()

    answer = room.authenticated.wait(room.token, room.script_id, "e1", timeout=1)
    assert answer.refusal is not None
    assert answer.refusal.facts["current"]["text"] == "Line 1."
    _, stranger = room.sign_in()
    for name in ("e1", "none"):
        with pytest.raises(NotYourScript):
            room.authenticated.outcome(stranger, room.script_id, name)
    with pytest.raises(UnknownSubmission):
        room.authenticated.outcome(room.token, room.script_id, "none")


def test_no_answer_is_visible_with_an_invalid_session(room: WritingRoom):
    room.authenticated.enqueue(room.token, room.payload(id="e1"))
    room.drain()

    with pytest.raises(UnknownSession):
        room.authenticated.outcome("no-such-token", room.script_id, "e1")
    room.now = 2_000
    with pytest.raises(SessionExpired):
        room.authenticated.outcome(room.token, room.script_id, "e1")
    with room.unit_of_work.records() as tx:
        tx.users.delete(room.user, room.now)
    for ask in (
        lambda: room.authenticated.outcome(room.token, room.script_id, "e1"),
        lambda: room.authenticated.new_script_id(room.token),
    ):
        with pytest.raises(SessionRevoked):
            ask()


def test_the_answer_to_a_failed_creation_is_visible_to_its_creator(room: WritingRoom):
    number = room.authenticated.new_script_id(room.token)
    create = ScriptCreate(title="x", owner=room.user)
    room.authenticated.enqueue(room.token, room.payload(create, room.edit(9, "x"), script_id=number, base=0, id="c"))
    assert room.authenticated.outcome(room.token, number, "c") is None
    room.drain(number)

    answer = room.authenticated.outcome(room.token, number, "c")
    assert answer is not None
    assert answer.outcome == "refused"
    _, stranger = room.sign_in()
    for wanted in (number, 10**9):
        with pytest.raises(UnknownScript):
            room.authenticated.outcome(stranger, wanted, "c")


def again(room: WritingRoom, number: int) -> Submission:
    with room.unit_of_work.reading() as tx:
        return replayed(tx, rejection(tx, number), "again")


def expired(room: WritingRoom, _: str) -> None:
    room.now = 2_000


def revoked(room: WritingRoom, token: str) -> None:
    with room.unit_of_work.records() as tx:
        tx.sign_ins.revoke(tx.sign_ins.require(token, room.now).id, room.now)


def good(*_: object) -> None:
    """A valid session."""


@pytest.mark.parametrize("session", [good, expired, revoked])
def test_a_resubmitted_dead_letter_keeps_its_user_s_permissions(
    room: WritingRoom, session: Callable[[WritingRoom, str], None]
):
    """A submission rejected for its session was never checked against the owner of its script."""
    _, token = room.sign_in()
    session(room, token)
    with pytest.raises(Rejected):
        room.authenticated.enqueue(token, room.payload(room.edit(1, "Mine.")))
    (letter,) = room.dead()

    with pytest.raises(NotYourScript):
        again(room, letter.id)


def test_a_resubmitted_dead_letter_of_the_owner_keeps_their_name(room: WritingRoom):
    stale = msgspec.structs.replace(room.submission(room.edit(1, "x"), id="e1"), actor="Victim", base_version=9)
    room.authenticated.enqueue(room.token, encode_submission(stale))
    room.drain()
    (letter,) = room.dead()

    submission = again(room, letter.id)
    assert (submission.actor, submission.cause.replays) == ("Rosa", "e1")
    with room.unit_of_work.records() as tx:
        tx.users.delete(room.user, room.now)
    with pytest.raises(Rejected) as caught:
        again(room, letter.id)
    assert caught.value.code == "user_deleted"
