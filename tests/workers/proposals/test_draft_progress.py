"""Progress of a draft: what a model has written so far is shown, keeps the claim, and ends when the claim is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from domain.chat import Usage
from tests.workers.proposals.proposal_setup import AnswersInTurn, ProposalRoom, answer, hunk
from workers.proposals import draft_job
from workers.proposals.draft_job import LEASE_SECONDS
from workers.proposals.language_models.factory import DEFAULT_TERMS
from workers.proposals.language_models.interface import UNWATCHED, Completion, Message, Watch
from workers.proposals.language_models.token_budget import Price, TokenBudget
from workers.scheduling.slot_runner import SECOND


@pytest.fixture(autouse=True)
def written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_job, "PROGRESS_SECONDS", 0.0)


class Slow(AnswersInTurn):
    """A model that writes for longer than a claim lasts, and says how far it is."""

    room: ProposalRoom
    counts: list[int | None]

    def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:
        self.counts = []
        for count in (100, 200):
            self.room.now += LEASE_SECONDS * SECOND // 2 + 1
            watch.written(count)
            self.counts.append(self.room.proposal(1).written)
            assert not self.room.job(AnswersInTurn()).run(1)
        return super().complete(messages, watch)


@pytest.fixture
def slow(room: ProposalRoom) -> Slow:
    model = Slow(answer(hunk(room.rewrite(1, "Colder."))))
    model.room = room
    return model


def test_progress_is_written_down_and_keeps_the_claim(room: ProposalRoom, slow: Slow):
    assert room.job(slow).run(room.ask())

    assert slow.counts == [100, 200]
    assert room.states(1) == ["proposed", "offered"]


def test_a_job_that_lost_its_claim_stops_the_model(room: ProposalRoom):
    number = room.ask()

    class Overtaken(AnswersInTurn):
        def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:  # noqa: ARG002
            room.now += LEASE_SECONDS * SECOND
            assert room.job(AnswersInTurn(answer(hunk(room.rewrite(2, "Warmer."))))).run(number)
            watch.written(100)
            raise AssertionError("the model goes on")

    assert not room.job(Overtaken()).run(number)
    assert room.states(number) == ["proposed", "offered"]


def test_a_claim_outlasts_the_time_of_the_settings(room: ProposalRoom):
    number = room.ask()
    terms = DEFAULT_TERMS._replace(seconds=1_800)

    class ProgressModel(AnswersInTurn):
        def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:
            assert room.proposal(number).held_until > room.now + 1_800 * SECOND
            return super().complete(messages, watch)

    assert room.job(ProgressModel(answer(hunk(room.rewrite(1, "Colder.")))), terms).run(number)


def test_a_model_is_corrected_at_most_twice(room: ProposalRoom):
    number = room.ask()
    model = AnswersInTurn(b"Hm?", b"Hm.", b"Hm!", b"Hm;")
    room.job(model).run(number)

    assert len(model.queries) == 3
    assert [len(messages) for messages in model.queries] == [2, 4, 6]


def test_a_correction_beyond_the_budget_is_not_sent(room: ProposalRoom):
    number = room.ask()
    model = AnswersInTurn(b"Hm, " * 2_000, b"Hm?")
    room.job(model, DEFAULT_TERMS._replace(budget=TokenBudget(2_000, 200))).run(number)

    assert len(model.queries) == 1
    assert room.proposal(number).code == "model_output_not_json"


def test_every_call_is_stored_with_its_price(room: ProposalRoom):
    number = room.ask()
    terms = DEFAULT_TERMS._replace(price=Price(2_500_000, 10_000_000, "EUR"))
    room.job(AnswersInTurn(b"Hm?", {"hunks": []}), terms).run(number)

    with room.unit_of_work.reading() as tx:
        (reply,) = tx.chat.answers(room.proposal(number).chat_message_id or 0)
        usages = tx.chat_usage.of_message(reply.id)
    assert (
        usages
        == [Usage(model="answers-in-turn", tokens_in=10, tokens_out=2, cost_micros=45, currency="EUR", latency_ms=3)]
        * 2
    )
