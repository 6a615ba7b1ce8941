"""Draft job tests: one draft for each proposal, however often the job runs, and at most two corrections."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from domain.proposals.model_output import MAX_HUNKS, MAX_OUTPUT_BYTES
from domain.proposals.refusals import ModelUnavailable, ScriptTooLongForModel
from tests.workers.proposals.proposal_setup import AnswersInTurn, ProposalRoom, answer, hunk, insert
from workers.proposals.bell import ProposalBell
from workers.proposals.draft_job import LEASE_SECONDS, MAX_ATTEMPTS
from workers.proposals.language_models.factory import DEFAULT_TERMS
from workers.proposals.language_models.interface import UNWATCHED, Completion, Message, Watch
from workers.proposals.language_models.token_budget import TokenBudget
from workers.proposals.review import ProposalReview
from workers.scheduling.slot_runner import SECOND


def test_the_model_is_shown_each_line_with_its_number_and_hash(room: ProposalRoom):
    model = AnswersInTurn(answer(hunk(insert(None, "First."))))
    room.job(model).run(room.ask("Begin “colder”."))

    (messages,) = model.queries
    assert [message.role for message in messages] == ["system", "user"]
    assert f'["1","{room.expect(1)}","action","Line 1."]\n' in messages[1].content
    assert messages[1].content.endswith("Begin “colder”.")


def test_a_second_delivery_does_not_query_the_model(room: ProposalRoom):
    model = AnswersInTurn(answer(hunk(room.rewrite(1, "Colder."))))
    number = room.ask()

    assert room.job(model).run(number)
    assert not room.job(model).run(number)
    assert not room.job(model).run(10**9)

    assert len(model.queries) == 1
    assert room.states(number) == ["proposed", "offered"]


def test_a_proposal_held_by_one_job_is_skipped_by_another(room: ProposalRoom):
    number = room.ask()
    edits = answer(hunk(room.rewrite(1, "Colder.")))
    second = AnswersInTurn(edits)

    class Interrupted(AnswersInTurn):
        def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:
            assert not room.job(second).run(number)
            return super().complete(messages, watch)

    assert room.job(Interrupted(edits)).run(number)
    assert second.queries == []


def test_a_job_that_took_too_long_offers_nothing(room: ProposalRoom):
    number = room.ask()
    edits = answer(hunk(room.rewrite(1, "Colder.")))

    class Slow(AnswersInTurn):
        def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:
            room.now += LEASE_SECONDS * SECOND
            assert room.job(AnswersInTurn(edits)).run(number)  # another job takes over
            return super().complete(messages, watch)

    assert not room.job(Slow(answer(hunk(room.remove(2))))).run(number)

    (offered,) = room.hunks(number)
    assert b"Colder." in offered.commands
    with room.unit_of_work.reading() as tx:
        assert len(tx.chat.answers(room.proposal(number).chat_message_id or 0)) == 1


def test_a_proposal_that_kills_its_worker_every_time_fails(room: ProposalRoom):
    number = room.ask()

    class Deadly(AnswersInTurn):
        def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:  # noqa: ARG002
            raise SystemExit

    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SystemExit):
            room.job(Deadly()).run(number)
        room.now += LEASE_SECONDS * SECOND
    model = AnswersInTurn()
    room.job(model).run(number)

    assert model.queries == []
    assert (room.proposal(number).state, room.proposal(number).code) == ("failed", "job_gave_up")


def bad_answers(room: ProposalRoom) -> dict[str, bytes | dict[str, object]]:
    """An unusable answer for each refusal code that a model can mend."""
    good = room.rewrite(1, "Colder.")
    return {
        "model_output_not_json": b"Sure! Here is the edit:",
        "model_output_not_json, unended": b'{"hunks": [{"edits": [',
        "model_output_not_json, no text": b"\xff\xfe",
        "model_output_not_json, only thoughts": b"<think>Colder, then.",
        "model_output_invalid": {"hunks": "none"},
        "model_output_invalid, other kind": answer(hunk({"edit": "script.replace", "lines": []})),
        "model_output_invalid, no edits": answer(hunk()),
        "model_output_invalid, no text": answer(hunk({"edit": "rewrite", **room.shown(1)})),
        "model_output_invalid, too many": answer(*[hunk(good, why=str(n)) for n in range(MAX_HUNKS + 1)]),
        "model_output_invalid, too many edits": answer(*[hunk(*[good] * 11)] * 190),
        "model_output_invalid, backwards": answer(hunk(replaced(room.shown(4), room.shown(2)))),
        "model_output_invalid, half": answer(hunk({**replaced(room.shown(4), room.shown(5)), "last": None})),
        "line_not_shown": answer(hunk({**good, "line": "99"})),
        "line_not_shown, no id": answer(hunk({**good, "line": "line_42"})),
        "line_not_shown, zero": answer(hunk({**good, "line": 0})),
        "line_not_shown, no digit": answer(hunk({**good, "line": "²"})),
        "line_not_shown, to delete": answer(hunk({"edit": "delete", "lines": [["99", "0" * 4]]})),
        "line_not_shown, to follow": answer(hunk(insert("99", "x"))),
        "wrong_line_hash": answer(hunk({**good, "expect": "0" * 4})),
        "wrong_line_hash, of another line": answer(hunk({**good, "line": "2"})),
        "wrong_line_hash, too short": answer(hunk({**good, "expect": good["expect"][:3]})),
        "wrong_line_hash, no hash": answer(hunk({**good, "expect": "no hash"})),
        "guard_missing": answer(hunk({"edit": "delete", "lines": ["1"]})),
        "guard_missing, empty": answer(hunk({**good, "expect": ""})),
        "guard_missing, to rewrite": answer(hunk({"edit": "rewrite", "line": "1", "text": "x"})),
        "control_character": answer(hunk(insert("1", "\x07"))),
        "control_character, in the reason": answer(hunk(good, why="\x00")),
        "model_output_not_json, half a surrogate": b'{"hunks": [{"why": "\\ud800", "edits": []}]}',
    }


def replaced(first: dict[str, str], last: dict[str, str]) -> dict[str, object]:
    return {"edit": "replace", "first": first, "last": last, "lines": [{"format": "action", "text": "x"}]}


CASES = [
    "model_output_not_json",
    "model_output_not_json, unended",
    "model_output_not_json, no text",
    "model_output_not_json, only thoughts",
    "model_output_invalid",
    "model_output_invalid, other kind",
    "model_output_invalid, no edits",
    "model_output_invalid, no text",
    "model_output_invalid, too many",
    "model_output_invalid, too many edits",
    "model_output_invalid, backwards",
    "model_output_invalid, half",
    "line_not_shown",
    "line_not_shown, no id",
    "line_not_shown, zero",
    "line_not_shown, no digit",
    "line_not_shown, to delete",
    "line_not_shown, to follow",
    "wrong_line_hash",
    "wrong_line_hash, of another line",
    "wrong_line_hash, too short",
    "wrong_line_hash, no hash",
    "guard_missing",
    "guard_missing, empty",
    "guard_missing, to rewrite",
    "control_character",
    "control_character, in the reason",
    "model_output_not_json, half a surrogate",
]


@pytest.mark.parametrize("case", CASES)
def test_an_unusable_answer_fails_with_a_code_and_is_stored(room: ProposalRoom, case: str):
    bad = bad_answers(room)[case]
    code = case.partition(",")[0]
    model = AnswersInTurn(bad, bad, bad, bad)
    number = room.ask()

    assert room.job(model).run(number)

    # A model that repeats itself is not asked a third time.
    assert len(model.queries) == 2
    for round_, messages in enumerate(model.queries):
        assert len(messages) == 2 + 2 * round_
    correction = model.queries[1][-1]
    assert correction.role == "user"
    assert f"({code})" in correction.content
    proposal = room.proposal(number)
    assert (proposal.state, proposal.code) == ("failed", code)
    assert proposal.message
    assert proposal.message.endswith(".")
    (letter,) = room.dead()
    assert (letter.submission_id, letter.code, letter.message) == (f"proposal-{number}", code, proposal.message)
    assert letter.payload
    assert room.state().version == 1


def test_a_corrected_answer_is_accepted(room: ProposalRoom):
    model = AnswersInTurn(b"Sure!", answer(hunk(room.rewrite(1, "Colder."))))
    number = room.ask()

    room.job(model).run(number)

    assert room.states(number) == ["proposed", "offered"]
    assert room.dead() == []
    question = room.proposal(number).chat_message_id
    with room.unit_of_work.reading() as tx:
        assert len(tx.chat_usage.of_message(tx.chat.answers(question or 0)[0].id)) == 2


def test_valid_hunks_are_offered_without_the_invalid_ones(room: ProposalRoom):
    edits = answer(hunk(room.rewrite(1, "Colder.")), hunk({**room.rewrite(2, "x"), "line": "99"}))
    number = room.propose(edits, edits, edits)

    assert room.states(number) == ["proposed", "offered"]
    assert "99" in (room.proposal(number).message or "")


def test_valid_hunks_are_not_dropped_for_a_worse_correction(room: ProposalRoom):
    edits = answer(hunk(room.rewrite(1, "Colder.")), hunk({**room.rewrite(2, "x"), "line": "99"}))
    number = room.propose(edits, b"Sorry!", b"Sorry!")

    assert room.states(number) == ["proposed", "offered"]
    assert b"Colder." in room.hunks(number)[0].commands


def test_an_unavailable_model_fails_the_proposal(room: ProposalRoom):
    class Away(AnswersInTurn):
        def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:  # noqa: ARG002
            raise ModelUnavailable(problem="no answer in time")

    number = room.ask()
    assert room.job(Away()).run(number)

    assert (room.proposal(number).state, room.proposal(number).code) == ("failed", "model_unavailable")


HOPELESS: dict[str, bytes | dict[str, object] | Completion] = {
    "nothing_proposed": {"hunks": []},
    "model_output_too_long": b" " * (MAX_OUTPUT_BYTES + 1),
    "model_refused": Completion(b"Not that scene.", "m", 10, 2, 3, "refused"),
    "model_refused, in words": "I’m sorry, but I can’t help with that scene.".encode(),
    "model_output_cut_off": Completion(b'{"hunks": [{"ed', "m", 10, 2, 3, "cut off"),
}


@pytest.mark.parametrize("case", HOPELESS)
def test_an_answer_that_no_correction_mends_is_paid_once(room: ProposalRoom, case: str):
    model = AnswersInTurn(*[HOPELESS[case]] * 3)
    number = room.ask()

    assert room.job(model).run(number)

    assert len(model.queries) == 1
    proposal = room.proposal(number)
    assert (proposal.state, proposal.code) == ("failed", case.partition(",")[0])
    with room.unit_of_work.reading() as tx:
        (reply,) = tx.chat.answers(proposal.chat_message_id or 0)
        assert len(tx.chat_usage.of_message(reply.id)) == 1


def test_a_prompt_beyond_the_budget_is_not_sent(room: ProposalRoom):
    model = AnswersInTurn()
    number = room.ask()
    room.job(model, DEFAULT_TERMS._replace(budget=TokenBudget(700, 200))).run(number)

    assert model.queries == []
    proposal = room.proposal(number)
    assert proposal.code == "script_too_long_for_model"
    assert "(--scene)" in (proposal.message or "")


def test_a_request_beyond_the_budget_stores_nothing(room: ProposalRoom):
    editor = ProposalReview(room.unit_of_work, room.producer, room.handed_out.append, budget=TokenBudget(700, 200))
    with pytest.raises(ScriptTooLongForModel):
        editor.ask(room.script_id, "Colder.", room.rosa)
    queued = ProposalReview(room.unit_of_work, room.producer, room.handed_out.append).ask(
        room.script_id, "Colder.", room.rosa
    )

    assert 400 < queued.tokens < 1_200
    assert room.handed_out == [queued.proposal_id]
    with room.unit_of_work.reading() as tx:
        assert len(tx.chat.read(room.script_id)) == 1


def test_a_tick_rings_for_a_proposal_with_a_lost_bell(room: ProposalRoom, monkeypatch: pytest.MonkeyPatch):
    rung: list[int] = []
    bell = ProposalBell.at("redis://127.0.0.1:1/0")
    monkeypatch.setattr(bell, "ring", lambda number: not rung.append(number))
    forgotten = room.ask()
    held = room.ask()
    done = room.propose(answer(hunk(room.rewrite(1, "Colder."))))
    room.now = 10**16 - 1
    with room.unit_of_work.records() as tx:
        assert tx.proposals.take(held, 1_000, until=10**17)
    recent = room.ask()
    monkeypatch.setattr("workers.proposals.bell.system_clock", lambda: 10**16)

    bell.schedule(room.unit_of_work).run(0)

    assert forgotten in rung
    assert not {held, done, recent} & set(rung)


def test_a_bell_without_a_broker_is_not_sent():
    assert not ProposalBell.at("redis://127.0.0.1:1/0").ring(1)
