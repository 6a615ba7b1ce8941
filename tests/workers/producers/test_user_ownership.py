"""Ownership tests: users write only to their own scripts, checked on entry and again with the head locked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import Engine, text

from domain.accounts import NotYourScript
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.refusals import SameIdOtherContent
from domain.script.line import Line
from domain.submissions.submission import encode_submission
from materialization.submissions.backfill_mode import begin_backfill
from tests.workers.producers.foreign_submissions import (
    REPLACE,
    STALE,
    TRIES,
    creation,
    put,
    require_nothing_revealed,
    tried,
)
from tests.workers.writer_setup import LINES, WritingRoom


@pytest.mark.parametrize("name", TRIES)
def test_a_submission_to_another_user_s_script_is_rejected(room: WritingRoom, name: str):
    user, token = room.sign_in()

    with pytest.raises(NotYourScript) as caught:
        room.authenticated.enqueue(token, encode_submission(tried(room, name, user)))

    assert caught.value.facts == {"script": room.script_id}
    assert room.waiting() == 0
    assert room.state().version == 1


@pytest.mark.parametrize("way", ["drain", "one by one", "together", "in front of another"])
@pytest.mark.parametrize("name", TRIES)
def test_a_foreign_submission_in_the_inbox_is_refused_with_the_head_locked(room: WritingRoom, name: str, way: str):
    user, _ = room.sign_in()
    put(room, user, tried(room, name, user))

    if way == "drain":
        room.drain()
    elif way == "one by one":
        room.ledger.drain_one_by_one(room.script_id)
    elif way == "together":
        other = room.new_script(None)
        put(room, user, room.submission(room.edit(1, "x"), script_id=other))
        assert room.ledger.drain_all([room.script_id, other]).answered == 2
    else:
        room.ledger.submit(room.submission(room.edit(9, "By its owner.")))

    answer = room.answer("theirs")
    require_nothing_revealed(answer)
    assert answer is not None
    assert answer.refusal is not None
    assert answer.refusal.code == "not_your_script"
    assert [line for line in room.texts() if line not in ("By its owner.", *(line.text for line in LINES))] == []
    (letter,) = room.dead()
    assert (letter.code, letter.user_id) == ("not_your_script", user)


@pytest.mark.parametrize("became", ["archived", "backfilling"])
def test_a_refusal_reveals_nothing_of_a_script_that_takes_no_edits(room: WritingRoom, became: str):
    user, _ = room.sign_in()
    if became == "archived":
        room.ledger.submit(room.submission(ScriptArchive()))
    else:
        begin_backfill(room.unit_of_work, room.script_id)
    put(room, user, room.submission(room.edit(1, "Mine."), id="theirs"))

    room.drain()

    require_nothing_revealed(room.answer("theirs"))


def test_a_script_created_by_another_user_in_the_meantime_is_theirs(room: WritingRoom):
    user, token = room.sign_in()
    number = room.authenticated.new_script_id(token)
    rest = (creation(user), REPLACE)
    room.authenticated.enqueue(token, room.payload(*rest, script_id=number, base=0, id="mine", apply_rest=True))
    room.ledger.submit(room.submission(creation(room.user), script_id=number, base=0, id="theirs"))

    # It was enqueued first, so it is answered first.
    mine, theirs = room.answer("mine", number), room.answer("theirs", number)
    assert mine is not None
    assert theirs is not None
    assert (mine.outcome, theirs.outcome) == ("applied", "refused")

    number = room.authenticated.new_script_id(token)
    room.ledger.submit(room.submission(creation(room.user), script_id=number, base=0, id="theirs"))
    put(room, user, room.submission(*rest, script_id=number, base=0, id="mine", apply_rest=True))
    room.drain(number)
    require_nothing_revealed(room.answer("mine", number))


def test_of_two_concurrent_creators_one_owns_the_script(room: WritingRoom):
    user, token = room.sign_in()
    numbers = [room.authenticated.new_script_id(token) for _ in range(12)]

    def mine(number: int) -> None:
        commands = (creation(user), LinesInsert(after=None, before=None, lines=(Line("m", "action", "By me."),)))
        with suppress(NotYourScript):  # if the other user was first
            room.authenticated.enqueue(
                token, room.payload(*commands, script_id=number, base=0, id="mine", apply_rest=True)
            )

    def theirs(number: int) -> None:
        room.ledger.submit(room.submission(creation(room.user), script_id=number, base=0, id="theirs"))

    with ThreadPoolExecutor(4) as together:
        for done in [together.submit(act, number) for number in numbers for act in (mine, theirs, room.drain)]:
            done.result()
    for number in numbers:
        room.drain(number)
        with room.unit_of_work.reading() as tx:
            script, head = tx.scripts.get(number), tx.heads.get(number)
            assert script is not None
            assert head is not None
            by = {entry.submission_id for entry in tx.commands.read(number, after=0, upto=head.version)}
        assert by == {"mine" if script.user_id == user else "theirs"}


def test_in_one_batch_the_first_row_decides_the_owner(room: WritingRoom):
    user, _ = room.sign_in()
    with room.unit_of_work.records() as tx:
        number = tx.scripts.new_id()
    room.producer.enqueue(room.submission(creation(room.user), script_id=number, base=0, id="first"))
    put(room, user, room.submission(REPLACE, script_id=number, base=1, id="second"))
    put(room, user, room.submission(creation(user), REPLACE, script_id=number, base=1, id="third", apply_rest=True))

    assert room.drain(number) == 3

    for name in ("second", "third"):
        require_nothing_revealed(room.answer(name, number))


def test_a_submission_of_a_deleted_user_is_not_applied(room: WritingRoom):
    room.authenticated.enqueue(room.token, room.payload(room.edit(1, "x"), id="late"))
    with room.unit_of_work.records() as tx:
        tx.users.delete(room.user, room.now)

    room.drain()

    answer = room.answer("late")
    require_nothing_revealed(answer)
    assert room.dead()[0].code == "user_deleted"
    assert room.state().version == 1


def test_a_submission_is_applied_after_its_user_signed_out(room: WritingRoom):
    room.authenticated.enqueue(room.token, room.payload(room.edit(1, "x"), id="late"))
    with room.unit_of_work.records() as tx:
        tx.sign_ins.revoke_all(room.user, room.now)

    room.drain()

    assert room.state().version == 2


def test_the_owner_gets_the_current_text_in_a_refusal(room: WritingRoom):
    room.authenticated.enqueue(room.token, room.payload(STALE, id="stale"))
    room.drain()

    answer = room.answer("stale")
    assert answer is not None
    assert answer.refusal is not None
    assert answer.refusal.facts["current"]["text"] == "Line 1."
    assert answer.refusal.facts["actor"] == "Rosa"


def test_a_script_without_an_owner_stays_open(room: WritingRoom):
    shared = room.new_script(None)
    _, token = room.sign_in()
    room.authenticated.enqueue(token, room.payload(room.edit(1, "x"), script_id=shared, id="open"))

    assert room.drain(shared) == 1
    answer = room.answer("open", shared)
    assert answer is not None
    assert answer.outcome == "applied"


@pytest.mark.parametrize("apply_rest", [True, False])
def test_submissions_after_a_refused_creation_are_refused_for_all(room: WritingRoom, *, apply_rest: bool):
    """Also for a program with its own credentials: the rest was meant for another script."""
    commands = (creation(room.user), room.edit(1, "x"), REPLACE)

    answer = room.ledger.submit(room.submission(*commands, apply_rest=apply_rest, id="twice"))

    assert answer.outcome == "refused"
    assert answer.refusal is not None
    assert answer.refusal.code == "script_exists"
    assert room.state().version == 1


def test_the_owner_of_a_script_cannot_create_it_again(room: WritingRoom):
    payload = room.payload(creation(room.user), room.edit(1, "x"), id="again", apply_rest=True)
    room.authenticated.enqueue(room.token, payload)
    room.drain()

    answer = room.answer("again")
    assert answer is not None
    assert answer.refusal is not None
    assert (answer.outcome, answer.refusal.code) == ("refused", "script_exists")
    assert room.state().version == 1


def test_a_submission_also_sent_by_a_program_belongs_to_the_program(room: WritingRoom):
    """The program is responsible for it, whichever of the two sent it first."""
    user, _ = room.sign_in()
    for position, name in enumerate(("user first", "program first"), 1):
        submission = room.submission(room.edit(position, "x"), id=f"both-{position}")
        if name == "user first":
            put(room, user, submission)
        room.producer.enqueue(submission)
        with room.unit_of_work.reading() as tx:
            held = tx.inbox.held(room.script_id, submission.submission_id)
        assert held is not None
        assert held.user_id is None

    assert room.drain() == 2
    assert room.texts()[:2] == ["x", "x"]


def test_two_users_cannot_share_a_pending_id(room: WritingRoom):
    shared = room.new_script(None)
    _, first = room.sign_in()
    _, second = room.sign_in()
    payload = room.payload(room.edit(1, "x"), script_id=shared, id="same")
    room.authenticated.enqueue(first, payload)

    with pytest.raises(SameIdOtherContent):
        room.authenticated.enqueue(second, payload)
    room.authenticated.enqueue(first, payload)


def test_a_script_whose_owner_does_not_exist_here_has_none(room: WritingRoom, migrated: Engine):
    """A restored history: its log names a user of another database."""
    with migrated.begin() as connection:
        connection.execute(text("UPDATE scripts SET user_id = NULL WHERE id = :script"), {"script": room.script_id})
    _, token = room.sign_in()

    room.authenticated.enqueue(token, room.payload(room.edit(1, "x")))
    room.drain()

    assert room.texts()[0] == "x"
