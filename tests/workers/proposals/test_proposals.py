"""Proposal tests: people decide hunk by hunk, and accepted hunks are applied once, authored by the AI."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from domain.accounts import NotYourScript
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.errors import Rejected
from domain.proposals.refusals import HunkDecided, ProposalNotReady, UnknownHunk, UnknownProposal
from domain.refusals import ScriptBeingBackfilled
from domain.submissions.submission import Cause
from materialization.proposals.decisions import Person
from materialization.submissions.backfill_mode import begin_backfill, end_backfill
from tests.workers.proposals.proposal_setup import AnswersInTurn, ProposalRoom, answer, hunk, insert, three_hunks
from workers.proposals.language_models.scripted import NAME, ScriptedModel


def test_an_accepted_hunk_is_authored_by_the_ai_for_the_accepting_person(room: ProposalRoom):
    number = three_hunks(room)

    accepted = room.review.accept(number, room.rosa)

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
        request, (answered,) = tx.chat.get(question or 0), tx.chat.answers(question or 0)
        (usage,) = tx.chat_usage.of_message(answered.id)
    assert request is not None
    assert (request.message.role, request.message.content, request.message.user_id) == (
        "user",
        "Colder.",
        room.user,
    )
    assert answered.message.role == "assistant"
    assert answered.message.content == "1. Colder.\n2. A pause.\n3. Cut."
    assert answered.message.metadata == {"proposal": number}
    assert (usage.model, usage.tokens_in, usage.tokens_out, usage.latency_ms) == ("answers-in-turn", 10, 2, 3)


def test_one_hunk_is_accepted_one_refused_and_one_stale(room: ProposalRoom):
    number = three_hunks(room)
    room.ledger.submit(room.submission(room.edit(5, "By hand."), id="by-hand"))

    room.review.accept(number, room.rosa, [1])
    room.review.reject(number, room.rosa, [2])
    room.review.accept(number, room.rosa, [3])
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
        room.review.accept(number, room.rosa, accept)
    if reject:
        assert room.review.reject(number, room.rosa, reject) == len(reject)
    room.drain()

    assert room.proposal(number).state == state


def test_accepting_is_idempotent(room: ProposalRoom):
    number = three_hunks(room)

    first = room.review.accept(number, room.rosa, [1])
    second = room.review.accept(number, room.rosa, [1])
    room.drain()
    third = room.review.accept(number, room.rosa, [1])
    room.drain()

    assert first.submission_ids == second.submission_ids == third.submission_ids
    assert [len(accepted.new) for accepted in (first, second, third)] == [1, 0, 0]
    assert room.state().version == 2
    assert room.dead() == []


def test_nothing_is_accepted_while_the_script_is_backfilled(room: ProposalRoom):
    number = three_hunks(room)
    begin_backfill(room.unit_of_work, room.script_id)

    with pytest.raises(ScriptBeingBackfilled):
        room.review.accept(number, room.rosa)
    end_backfill(room.unit_of_work, room.script_id)
    room.review.accept(number, room.rosa)
    room.drain()

    assert room.states(number) == ["accepted"] * 4


def test_concurrent_accepts_have_one_effect(room: ProposalRoom):
    number = three_hunks(room)
    with ThreadPoolExecutor(4) as together:
        done = list(together.map(lambda _: room.review.accept(number, room.rosa), range(8)))
    room.drain()

    assert sum(len(accepted.new) for accepted in done) == 3
    assert room.states(number) == ["accepted"] * 4
    assert room.state().version == 4


def test_a_person_s_consent_allows_a_large_deletion_by_an_ai(room: ProposalRoom):
    number = room.propose(answer(hunk(room.remove(1, 2, 3, 4, 5, 6))))

    room.review.accept(number, room.rosa)
    room.drain()

    assert room.states(number) == ["accepted", "accepted"]
    assert len(room.texts()) == 4


def test_a_refused_hunk_is_not_offered_again_for_the_same_line_content(room: ProposalRoom):
    first = room.propose(answer(hunk(room.rewrite(1, "Colder.")), hunk(insert("2", "A pause."))))
    room.review.reject(first, room.rosa, [1, 2])

    again = room.propose(answer(hunk(room.rewrite(1, "Colder.")), hunk(insert("2", "A pause.")), hunk(room.remove(9))))

    assert room.states(again) == ["proposed", "withheld", "withheld", "offered"]
    room.review.accept(again, room.rosa)
    room.drain()
    assert room.states(again) == ["accepted", "withheld", "withheld", "accepted"]
    room.ledger.submit(room.submission(room.edit(1, "By hand.")))
    later = room.propose(answer(hunk(room.rewrite(1, "Colder."))))
    assert room.states(later) == ["proposed", "offered"]


def test_a_withheld_hunk_can_still_be_accepted(room: ProposalRoom):
    first = room.propose(answer(hunk(room.rewrite(1, "Colder."))))
    room.review.reject(first, room.rosa)
    again = room.propose(answer(hunk(room.rewrite(1, "Colder."))))
    assert room.states(again) == ["rejected", "withheld"]

    room.review.accept(again, room.rosa, [1])
    room.drain()

    assert room.states(again) == ["accepted", "accepted"]


def test_a_decision_is_final(room: ProposalRoom):
    number = three_hunks(room)
    room.review.accept(number, room.rosa, [1])
    room.review.reject(number, room.rosa, [2])

    with pytest.raises(HunkDecided, match="accepting already"):
        room.review.reject(number, room.rosa, [1])
    with pytest.raises(HunkDecided, match="rejected already"):
        room.review.accept(number, room.rosa, [2, 3])
    assert room.states(number) == ["proposed", "accepting", "rejected", "offered"]
    assert room.review.reject(number, room.rosa, [2]) == 0


def test_a_proposal_of_an_archived_script_goes_stale(room: ProposalRoom):
    number = three_hunks(room)
    room.ledger.submit(room.submission(ScriptArchive()))

    room.review.accept(number, room.rosa, [1])
    room.drain()

    assert room.hunks(number)[0].code == "script_archived"
    with pytest.raises(Rejected) as caught:
        room.ask()
    assert caught.value.code == "script_archived"


def test_only_users_who_may_edit_the_script_can_request_and_decide(room: ProposalRoom):
    number = three_hunks(room)
    stranger = Person(room.sign_in()[0], "Stranger")

    for act in (
        lambda: room.review.accept(number, stranger),
        lambda: room.review.reject(number, stranger),
        lambda: room.ask(by=stranger),
    ):
        with pytest.raises(NotYourScript):
            act()
    assert room.states(number)[0] == "proposed"
    assert len(room.handed_out) == 1


def test_a_missing_proposal_or_hunk_cannot_be_decided(room: ProposalRoom):
    queued = room.ask()
    with pytest.raises(UnknownProposal):
        room.review.accept(10**9, room.rosa)
    with pytest.raises(ProposalNotReady, match="is queued"):
        room.review.accept(queued, room.rosa)
    number = three_hunks(room)
    with pytest.raises(UnknownHunk, match="no hunk 4; it has 3"):
        room.review.accept(number, room.rosa, [1, 4])
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
    room.review.accept(number, room.rosa)
    room.drain()

    assert room.proposal(number).base_version == 1
    assert room.states(number) == ["partly_accepted", "accepted", "stale"]
    assert room.texts()[:2] == ["Colder.", "By hand."]


def test_the_scripted_model_follows_the_quoted_rules(room: ProposalRoom):
    number = room.ask('replace "Line 1" with "One", cut "Line 5.", after "Line 2" add action "A pause."')
    assert room.job(ScriptedModel()).run(number)

    room.review.accept(number, room.rosa)
    room.drain()

    assert room.proposal(number).model == NAME
    assert room.texts()[:4] == ["One.", "Line 2.", "A pause.", "Line 3."]
    assert "Line 5." not in room.texts()
