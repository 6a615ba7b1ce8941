"""Proposal tests: people decide hunk by hunk, and accepted hunks are applied once, authored by the AI."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec
import pytest
from sqlalchemy import Engine, text

from domain.accounts import NotYourScript
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.errors import Rejected
from domain.proposals.refusals import HunkDecided, ProposalNotReady, UnknownHunk, UnknownProposal
from domain.refusals import ScriptBeingBackfilled
from domain.submissions.submission import Cause, encode_submission
from materialization.proposals.decisions import Person
from materialization.submissions.backfill_mode import begin_backfill, end_backfill
from repos.submissions.inbox import MAX_ATTEMPTS
from repos.unit_of_work import UnitOfWork
from tests.workers.proposals.proposal_setup import AnswersInTurn, ProposalRoom, answer, hunk, insert
from workers.proposals.language_models.scripted import NAME, ScriptedModel


@pytest.fixture
def room(migrated: Engine) -> ProposalRoom:
    return ProposalRoom(UnitOfWork(migrated))


def three_hunks(room: ProposalRoom) -> int:
    return room.propose(
        answer(
            hunk(room.rewrite(1, "Colder."), why="Colder."),
            hunk(insert("l2", "A pause.", "Another."), why="A pause."),
            hunk(room.remove(5), why="Cut."),
        )
    )


def test_an_accepted_hunk_is_authored_by_the_ai_for_the_accepting_person(room: ProposalRoom):
    number = three_hunks(room)

    accepted = room.desk.accept(number, room.rosa)

    assert room.states(number) == ["proposed", "accepting", "accepting", "accepting"]
    assert room.drain() == 3
    assert room.states(number) == ["accepted"] * 4
    texts = room.texts()
    assert texts[:5] == ["Colder.", "Line 2.", "A pause.", "Another.", "Line 3."]
    assert "Line 5." not in texts
    proposal = room.proposal(number)
    with room.unit_of_work.reading() as tx:
        entries = list(tx.commands.read(room.script_id, after=1, upto=4))
    assert [entry.submission_id for entry in entries] == list(accepted.submission_ids)
    for entry in entries:
        assert (entry.author, entry.actor, entry.base_version) == ("ai", "Rosa", 1)
        assert msgspec.json.decode(entry.cause, type=Cause) == Cause(
            model="answers-in-turn",
            prompt_sha256=proposal.prompt_sha256,
            run_id=proposal.run_id,
            chat_message_id=proposal.chat_message_id,
            proposal_id=number,
        )


def test_the_chat_holds_the_instruction_the_answer_and_the_usage(room: ProposalRoom):
    number = three_hunks(room)

    question = room.proposal(number).chat_message_id
    with room.unit_of_work.reading() as tx:
        asked, (answered,) = tx.chat.get(question or 0), tx.chat.answers(question or 0)
        (usage,) = tx.chat_usage.of_message(answered.id)
    assert asked is not None
    assert (asked.message.role, asked.message.content, asked.message.user_id) == ("user", "Colder.", room.user)
    assert answered.message.role == "assistant"
    assert answered.message.content == "1. Colder.\n2. A pause.\n3. Cut."
    assert answered.message.metadata == {"proposal": number}
    assert (usage.model, usage.tokens_in, usage.tokens_out, usage.latency_ms) == ("answers-in-turn", 10, 2, 3)


def test_one_hunk_is_accepted_one_refused_and_one_stale(room: ProposalRoom):
    number = three_hunks(room)
    room.ledger.submit(room.submission(room.edit(5, "By hand."), id="by-hand"))

    room.desk.accept(number, room.rosa, [1])
    room.desk.reject(number, room.rosa, [2])
    room.desk.accept(number, room.rosa, [3])
    room.drain()

    assert room.states(number) == ["partly_accepted", "accepted", "rejected", "stale"]
    assert room.hunks(number)[2].code == "stale_line"
    assert room.texts()[0] == "Colder."
    assert room.texts()[4] == "By hand."
    assert [letter.code for letter in room.dead()] == ["stale_line"]


@pytest.mark.parametrize(
    ("accept", "reject", "overtaken", "state"),
    [
        ([], [1, 2, 3], False, "rejected"),
        ([3], [1, 2], True, "stale"),
        ([1], [2, 3], False, "partly_accepted"),
        ([1, 3], [2], True, "partly_accepted"),
        ([1], [], False, "proposed"),
    ],
)
def test_the_state_of_a_proposal_follows_from_its_hunks(
    room: ProposalRoom, accept: list[int], reject: list[int], *, overtaken: bool, state: str
):
    number = three_hunks(room)
    if overtaken:
        room.ledger.submit(room.submission(room.edit(5, "By hand.")))
    if accept:
        room.desk.accept(number, room.rosa, accept)
    if reject:
        assert room.desk.reject(number, room.rosa, reject) == len(reject)
    room.drain()

    assert room.proposal(number).state == state


def test_accepting_is_idempotent(room: ProposalRoom):
    number = three_hunks(room)

    first = room.desk.accept(number, room.rosa, [1])
    second = room.desk.accept(number, room.rosa, [1])
    room.drain()
    third = room.desk.accept(number, room.rosa, [1])
    room.drain()

    assert first.submission_ids == second.submission_ids == third.submission_ids
    assert [len(accepted.new) for accepted in (first, second, third)] == [1, 0, 0]
    assert room.state().version == 2
    assert room.dead() == []


def test_nothing_is_accepted_while_the_script_is_backfilled(room: ProposalRoom):
    number = three_hunks(room)
    begin_backfill(room.unit_of_work, room.script_id)

    with pytest.raises(ScriptBeingBackfilled):
        room.desk.accept(number, room.rosa)
    end_backfill(room.unit_of_work, room.script_id)
    room.desk.accept(number, room.rosa)
    room.drain()

    assert room.states(number) == ["accepted"] * 4


def test_concurrent_accepts_have_one_effect(room: ProposalRoom):
    number = three_hunks(room)
    with ThreadPoolExecutor(4) as together:
        done = list(together.map(lambda _: room.desk.accept(number, room.rosa), range(8)))
    room.drain()

    assert sum(len(accepted.new) for accepted in done) == 3
    assert room.states(number) == ["accepted"] * 4
    assert room.state().version == 4


def test_a_person_s_consent_allows_a_large_deletion_by_an_ai(room: ProposalRoom):
    number = room.propose(answer(hunk(room.remove(1, 2, 3, 4, 5, 6))))

    room.desk.accept(number, room.rosa)
    room.drain()

    assert room.states(number) == ["accepted", "accepted"]
    assert len(room.texts()) == 4


def test_a_refused_hunk_is_not_offered_again_for_the_same_line_content(room: ProposalRoom):
    first = room.propose(answer(hunk(room.rewrite(1, "Colder.")), hunk(insert("l2", "A pause."))))
    room.desk.reject(first, room.rosa, [1, 2])

    again = room.propose(answer(hunk(room.rewrite(1, "Colder.")), hunk(insert("l2", "A pause.")), hunk(room.remove(9))))

    assert room.states(again) == ["proposed", "withheld", "withheld", "offered"]
    room.desk.accept(again, room.rosa)
    room.drain()
    assert room.states(again) == ["accepted", "withheld", "withheld", "accepted"]
    room.ledger.submit(room.submission(room.edit(1, "By hand.")))
    later = room.propose(answer(hunk(room.rewrite(1, "Colder."))))
    assert room.states(later) == ["proposed", "offered"]


def test_a_withheld_hunk_can_still_be_accepted(room: ProposalRoom):
    first = room.propose(answer(hunk(room.rewrite(1, "Colder."))))
    room.desk.reject(first, room.rosa)
    again = room.propose(answer(hunk(room.rewrite(1, "Colder."))))
    assert room.states(again) == ["rejected", "withheld"]

    room.desk.accept(again, room.rosa, [1])
    room.drain()

    assert room.states(again) == ["accepted", "accepted"]


def test_a_decision_is_final(room: ProposalRoom):
    number = three_hunks(room)
    room.desk.accept(number, room.rosa, [1])
    room.desk.reject(number, room.rosa, [2])

    with pytest.raises(HunkDecided, match="accepting already"):
        room.desk.reject(number, room.rosa, [1])
    with pytest.raises(HunkDecided, match="rejected already"):
        room.desk.accept(number, room.rosa, [2, 3])
    assert room.states(number) == ["proposed", "accepting", "rejected", "offered"]
    assert room.desk.reject(number, room.rosa, [2]) == 0


def test_a_proposal_of_an_archived_script_goes_stale(room: ProposalRoom):
    number = three_hunks(room)
    room.ledger.submit(room.submission(ScriptArchive()))

    room.desk.accept(number, room.rosa, [1])
    room.drain()

    assert room.hunks(number)[0].code == "script_archived"
    with pytest.raises(Rejected) as caught:
        room.ask()
    assert caught.value.code == "script_archived"


def test_only_users_who_may_edit_the_script_can_request_and_decide(room: ProposalRoom):
    number = three_hunks(room)
    stranger = Person(room.sign_in()[0], "Stranger")

    for act in (
        lambda: room.desk.accept(number, stranger),
        lambda: room.desk.reject(number, stranger),
        lambda: room.ask(by=stranger),
    ):
        with pytest.raises(NotYourScript):
            act()
    assert room.states(number)[0] == "proposed"
    assert len(room.handed_out) == 1


def test_a_missing_proposal_or_hunk_cannot_be_decided(room: ProposalRoom):
    queued = room.ask()
    with pytest.raises(UnknownProposal):
        room.desk.accept(10**9, room.rosa)
    with pytest.raises(ProposalNotReady, match="is queued"):
        room.desk.accept(queued, room.rosa)
    number = three_hunks(room)
    with pytest.raises(UnknownHunk, match="no hunk 4; it has 3"):
        room.desk.accept(number, room.rosa, [1, 4])
    assert room.states(number)[1] == "offered"


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"script_id": 10**9}, "unknown_script"),
        ({"base_version": 2}, "base_in_future"),
        ({"instruction": "  \n"}, "bad_payload"),
        ({"instruction": "a\x00b"}, "control_character"),
    ],
)
def test_a_refused_request_leaves_nothing(room: ProposalRoom, what: dict[str, object], code: str):
    with pytest.raises(Rejected) as caught:
        room.ask(**what)  # type: ignore[arg-type]

    assert caught.value.code == code
    assert room.handed_out == []
    with room.unit_of_work.reading() as tx:
        assert tx.chat.read(room.script_id) == []
        assert tx.proposals.read(room.script_id) == []


def test_a_proposal_is_based_on_the_head_at_its_request(room: ProposalRoom):
    number = room.ask()
    edits = answer(hunk(room.rewrite(1, "Colder.")), hunk(room.rewrite(2, "Colder too.")))
    room.ledger.submit(room.submission(room.edit(2, "By hand.")))

    room.job(AnswersInTurn(edits)).run(number)
    room.desk.accept(number, room.rosa)
    room.drain()

    assert room.proposal(number).base_version == 1
    assert room.states(number) == ["partly_accepted", "accepted", "stale"]
    assert room.texts()[:2] == ["Colder.", "By hand."]


def test_the_scripted_model_follows_the_quoted_rules(room: ProposalRoom):
    number = room.ask('replace "Line 1" with "One", cut "Line 5.", after "Line 2" add action "A pause."')
    assert room.job(ScriptedModel()).run(number)

    room.desk.accept(number, room.rosa)
    room.drain()

    assert room.proposal(number).model == NAME
    assert room.texts()[:4] == ["One.", "Line 2.", "A pause.", "Line 3."]
    assert "Line 5." not in room.texts()


def test_people_decide_while_workers_settle(room: ProposalRoom):
    """Both lock the proposal first, so there is no deadlock, and every hunk is decided."""
    number = room.propose(answer(*[hunk(insert(f"l{index % 10 + 1}", f"Line {index}.")) for index in range(24)]))

    with ThreadPoolExecutor(5) as together:
        decided = [together.submit(room.desk.accept, number, room.rosa, [index]) for index in range(1, 25)]
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
        writing.desk.accept(number, writing.rosa)

    done = room.ledger.drain_all([room.script_id, other.script_id])

    assert done.answered == 6
    assert [room.states(number) for number in numbers] == [["accepted"] * 4] * 2


def test_a_hunk_is_not_sent_under_the_id_of_its_draft(room: ProposalRoom):
    """Another submission with the draft's id must not block the person who accepts."""
    number = three_hunks(room)
    seen = [row.submission_id for row in room.hunks(number)]
    for taken in seen:
        room.ledger.submit(room.submission(ScriptSetMetadata(fields={"note": taken}), id=taken))

    accepted = room.desk.accept(number, room.rosa)
    room.drain()

    assert set(accepted.submission_ids).isdisjoint(seen)
    assert room.states(number) == ["accepted"] * 4
    assert room.dead() == []


@pytest.mark.parametrize("same", [True, False])
def test_a_hunk_whose_id_is_already_in_use_is_decided(room: ProposalRoom, *, same: bool):
    """The person gets an error about the id, and the hunk does not stay in the state `accepting`."""
    number = three_hunks(room)
    accepted = room.desk.accept(number, room.rosa, [1])
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
        room.desk.reject(number, room.rosa, [1])


def test_a_proposal_for_another_script_is_unchanged(room: ProposalRoom):
    number = three_hunks(room)
    other = room.new_script(room.user)
    before = room.proposal(number)
    room.now += 1
    cause = Cause(model="m", run_id="r", prompt="p", proposal_id=number)
    submission = room.submission(room.edit(1, "x"), script_id=other, author="ai", cause=cause, id="claims")

    with pytest.raises(UnknownProposal):
        room.authenticated.enter(room.token, encode_submission(submission))
    room.ledger.submit(submission)

    assert room.proposal(number) == before


def test_an_accepted_hunk_of_a_deleted_user_is_not_applied(room: ProposalRoom):
    number = three_hunks(room)
    room.desk.accept(number, room.rosa, [1])
    with room.unit_of_work.records() as tx:
        tx.users.delete(room.user, room.now)

    room.drain()

    assert (room.hunks(number)[0].state, room.hunks(number)[0].code) == ("stale", "user_deleted")


def test_concurrent_accepts_and_refusals_decide_every_hunk_once(room: ProposalRoom):
    number = room.propose(answer(*[hunk(insert(f"l{index % 10 + 1}", f"Line {index}.")) for index in range(12)]))
    taken: list[str] = []

    def accept(index: int) -> None:
        with suppress(HunkDecided):
            taken.extend(room.desk.accept(number, room.rosa, [index]).submission_ids)

    def reject(index: int) -> None:
        with suppress(HunkDecided):
            room.desk.reject(number, room.rosa, [index])

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
    first = room.desk.accept(number, room.rosa, [1, 2])
    with migrated.begin() as connection:
        connection.execute(
            text("DELETE FROM submission_inbox WHERE script_id = :script AND submission_id = :submission"),
            {"script": room.script_id, "submission": first.submission_ids[0]},
        )

    again = room.desk.accept(number, room.rosa, [1, 2])
    room.drain()

    assert again.submission_ids[0] != first.submission_ids[0]
    assert again.submission_ids[1] == first.submission_ids[1]
    assert len(again.new) == 1
    assert room.states(number)[1:3] == ["accepted", "accepted"]


def test_a_hunk_that_killed_its_workers_is_decided_without_being_applied(room: ProposalRoom):
    number = three_hunks(room)
    room.desk.accept(number, room.rosa, [1])
    with room.unit_of_work.records() as tx:
        (arrival,) = tx.inbox.arrivals(room.script_id)
        for _ in range(MAX_ATTEMPTS):
            tx.inbox.count_attempt(arrival)

    room.ledger.drain_one_by_one(room.script_id)

    assert (room.hunks(number)[0].state, room.hunks(number)[0].code) == ("stale", "poison")
