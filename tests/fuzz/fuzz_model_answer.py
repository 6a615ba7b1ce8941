"""Fuzz target: responses of a language model, and the edits they propose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from domain.errors import Rejected
from domain.script.hashing import expect_hash
from domain.script.line import LINE_FORMATS
from materialization.proposals.decisions import Person
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, check_refusal, code_of
from tests.fuzz.mutations import mutated_json
from tests.fuzz.small_ledger import SmallLedger, small_ledger
from tests.workers.proposals.proposal_setup import AnswersInTurn, ProposalRoom
from tests.workers.writer_setup import LINES
from workers.proposals.language_models.openai_client import OpenAiModel

# The most requests to a model for one proposal.
ATTEMPTS = 3

numbers = st.integers(0, len(LINES) - 1)
texts = st.sampled_from(["Colder.", "", "INT. BAR - NIGHT", "é", "a\u2028b", "\u202e", "x\x1b[2J"]) | st.text(
    max_size=12
)
new_lines = st.builds(lambda form, text: {"format": form, "text": text}, st.sampled_from(LINE_FORMATS), texts)


def _rewrite(number: int, text: str) -> dict[str, Any]:
    return {"edit": "rewrite", "line": LINES[number].id, "expect": expect_hash(LINES[number]), "text": text}


def _delete(picked: list[int]) -> dict[str, Any]:
    return {"edit": "delete", "lines": [[LINES[number].id, expect_hash(LINES[number])] for number in picked]}


def _insert(number: int, lines: list[Any]) -> dict[str, Any]:
    return {"edit": "insert", "after": LINES[number].id if number else None, "lines": lines}


edits = (
    st.builds(_rewrite, numbers, texts)
    | st.builds(_delete, st.lists(numbers, min_size=1, max_size=3))
    | st.builds(_insert, numbers, st.lists(new_lines, min_size=1, max_size=3))
)
hunks = st.builds(lambda edits, why: {"edits": edits, "why": why}, st.lists(edits, min_size=1, max_size=3), texts)
answers = st.builds(lambda hunks: {"hunks": hunks}, st.lists(hunks, min_size=1, max_size=3))
bodies = st.builds(
    lambda answer, sent, came: {
        "id": "x",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": json.dumps(answer)}}],
        "usage": {"prompt_tokens": sent, "completion_tokens": came},
    },
    answers,
    st.integers(0, 9),
    st.integers(0, 9),
)
BODY, CONTENT = "body", "content"
inputs = (
    st.tuples(st.just(CONTENT), mutated_json(answers) | st.binary(max_size=100))
    | st.tuples(st.just(BODY), mutated_json(bodies))
)  # fmt: skip


@contextmanager
def opened(folder: Path) -> Iterator[Feed]:
    with small_ledger(folder) as ledger:
        room = ProposalRoom(ledger.unit_of_work)
        model = OpenAiModel("http://127.0.0.1:1/v1", "fuzzed")
        yield lambda given: feed(ledger, room, model, given)


def feed(ledger: SmallLedger, room: ProposalRoom, model: OpenAiModel, given: tuple[str, bytes]) -> str:
    """Draft a proposal from a response, accept its hunks, and drain; nothing else may change the script."""
    kind, data = given
    if kind == BODY:
        try:
            data = model._completion(data, 1).output
        except Rejected as refusal:
            return code_of(refusal)
    room.script_id = room.new_script(room.user)
    number = room.ask()
    head = ledger.head(room.script_id)
    assert room.job(AnswersInTurn(*[data] * ATTEMPTS)).run(number)
    assert ledger.head(room.script_id) == head
    proposal = room.proposal(number)
    if proposal.state == "failed":
        assert proposal.code
        check_refusal(proposal.code, proposal.message or "")
        return proposal.code
    return accepted(ledger, room, number)


def accepted(ledger: SmallLedger, room: ProposalRoom, number: int) -> str:
    """The outcomes of the offered hunks, all accepted by the person who requested the proposal."""
    offered = [hunk for hunk in room.hunks(number) if hunk.state == "offered"]
    taken = room.review.accept(number, Person(room.user, "Rosa"))
    assert len(taken.submission_ids) == len(offered)
    room.drain()
    codes = []
    for name in taken.submission_ids:
        with ledger.unit_of_work.reading() as tx:
            answered = tx.submissions.get(room.script_id, name)
        assert answered is not None
        if refusal := answered.answer.refusal:
            check_refusal(refusal.code, refusal.message)
            codes.append(refusal.code)
    ledger.require_whole(room.script_id)
    return codes[0] if codes else ACCEPTED


TARGET = Target("model_answer", inputs, opened)
