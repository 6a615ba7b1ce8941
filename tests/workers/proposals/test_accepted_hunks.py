"""Accepted hunks on their way to the log: drained, sent again after a crash, and decided once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import Engine, text

from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.proposals.refusals import HunkDecided, UnknownProposal
from domain.submissions.submission import Cause, encode_submission
from repos.submissions.inbox import MAX_ATTEMPTS
from repos.unit_of_work import UnitOfWork
from tests.workers.proposals.proposal_setup import ProposalRoom, answer, hunk, insert, three_hunks


def test_people_decide_while_workers_settle(room: ProposalRoom):
    """Both lock the proposal first, so there is no deadlock, and every hunk is decided."""
    number = room.propose(answer(*[hunk(insert(f"{index % 10 + 1}", f"Line {index}.")) for index in range(24)]))

    with ThreadPoolExecutor(5) as together:
        decided = [together.submit(room.review.accept, number, room.rosa, [index]) for index in range(1, 25)]
        settled = [together.submit(room.drain) for _ in range(12)]
        for future in (*decided, *settled):
            future.result()
    room.drain()

    assert room.states(number) == ["accepted"] * 25
    assert room.state().version == 25
    assert room.dead() == []


def test_hunks_of_several_scripts_are_settled_together(room: ProposalRoom, migrated: Engine):
    other = ProposalRoom(UnitOfWork(migrated))
    numbers = [three_hunks(writing) for writing in (room, other)]
    for writing, number in zip((room, other), numbers, strict=True):
        writing.review.accept(number, writing.rosa)

    done = room.ledger.drain_all([room.script_id, other.script_id])

    assert done.answered == 6
    assert [room.states(number) for number in numbers] == [["accepted"] * 4] * 2


def test_a_hunk_is_not_sent_under_the_id_of_its_draft(room: ProposalRoom):
    """Another submission with the draft's id must not block the person who accepts."""
    number = three_hunks(room)
    seen = [row.submission_id for row in room.hunks(number)]
    for taken in seen:
        room.ledger.submit(room.submission(ScriptSetMetadata(fields={"note": taken}), id=taken))

    accepted = room.review.accept(number, room.rosa)
    room.drain()

    assert set(accepted.submission_ids).isdisjoint(seen)
    assert room.states(number) == ["accepted"] * 4
    assert room.dead() == []


@pytest.mark.parametrize("same", [True, False])
def test_a_hunk_whose_id_is_already_in_use_is_decided(room: ProposalRoom, *, same: bool):
    """The person gets an error about the id, and the hunk does not stay in the state `accepting`."""
    number = three_hunks(room)
    accepted = room.review.accept(number, room.rosa, [1])
    (submission,) = accepted.new
    with room.unit_of_work.records() as tx:
        tx.inbox.count_attempt(tx.inbox.arrivals(room.script_id)[0])
    other = submission if same else room.submission(room.edit(9, "x"), id=submission.submission_id)
    # A submission that was tried before is tried alone, so this one before it is answered first.
    room.ledger.submit(other)

    room.ledger.drain_one_by_one(room.script_id)

    state, code = room.hunks(number)[0].state, room.hunks(number)[0].code
    assert (state, code) == (("accepted", None) if same else ("stale", "same_id_other_content"))
    with pytest.raises(HunkDecided):
        room.review.reject(number, room.rosa, [1])


def test_a_proposal_for_another_script_is_unchanged(room: ProposalRoom):
    number = three_hunks(room)
    other = room.new_script(room.user)
    before = room.proposal(number)
    room.now += 1
    cause = Cause(model="m", run_id="r", prompt="p", proposal_id=number)
    submission = room.submission(room.edit(1, "x"), script_id=other, author="ai", cause=cause, id="claims")

    with pytest.raises(UnknownProposal):
        room.authenticated.enqueue(room.token, encode_submission(submission))
    room.ledger.submit(submission)

    assert room.proposal(number) == before


def test_an_accepted_hunk_of_a_deleted_user_is_not_applied(room: ProposalRoom):
    number = three_hunks(room)
    room.review.accept(number, room.rosa, [1])
    with room.unit_of_work.records() as tx:
        tx.users.delete(room.user, room.now)

    room.drain()

    assert (room.hunks(number)[0].state, room.hunks(number)[0].code) == ("stale", "user_deleted")


def test_concurrent_accepts_and_refusals_decide_every_hunk_once(room: ProposalRoom):
    number = room.propose(answer(*[hunk(insert(f"{index % 10 + 1}", f"Line {index}.")) for index in range(12)]))
    taken: list[str] = []

    def accept(index: int) -> None:
        with suppress(HunkDecided):
            taken.extend(room.review.accept(number, room.rosa, [index]).submission_ids)

    def reject(index: int) -> None:
        with suppress(HunkDecided):
            room.review.reject(number, room.rosa, [index])

    with ThreadPoolExecutor(4) as together:
        for done in [together.submit(act, index) for index in range(1, 13) for act in (accept, reject, accept)]:
            done.result()
    room.drain()

    state, *hunks = room.states(number)
    assert state in ("accepted", "partly_accepted", "rejected")
    assert set(hunks) <= {"accepted", "rejected"}
    applied = {row.submission_id for row in room.hunks(number) if row.state == "accepted"}
    assert applied == set(taken)
    assert room.state().version == 1 + len(applied)


def test_a_hunk_that_was_left_accepting_is_sent_again(room: ProposalRoom, migrated: Engine):
    """An earlier version left such hunks when their id was answered with other content; a new accept decides them."""
    number = three_hunks(room)
    first = room.review.accept(number, room.rosa, [1, 2])
    with migrated.begin() as connection:
        connection.execute(
            text("DELETE FROM submission_inbox WHERE script_id = :script AND submission_id = :submission"),
            {"script": room.script_id, "submission": first.submission_ids[0]},
        )

    again = room.review.accept(number, room.rosa, [1, 2])
    room.drain()

    assert again.submission_ids[0] != first.submission_ids[0]
    assert again.submission_ids[1] == first.submission_ids[1]
    assert len(again.new) == 1
    assert room.states(number)[1:3] == ["accepted", "accepted"]


def test_a_hunk_that_killed_its_workers_is_decided_without_being_applied(room: ProposalRoom):
    number = three_hunks(room)
    room.review.accept(number, room.rosa, [1])
    with room.unit_of_work.records() as tx:
        (arrival,) = tx.inbox.arrivals(room.script_id)
        for _ in range(MAX_ATTEMPTS):
            tx.inbox.count_attempt(arrival)

    room.ledger.drain_one_by_one(room.script_id)

    assert (room.hunks(number)[0].state, room.hunks(number)[0].code) == ("stale", "poison")
