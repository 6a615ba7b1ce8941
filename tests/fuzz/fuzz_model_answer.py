"""Fuzz target: responses of a language model, and the edits they propose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from domain.errors import Rejected
from domain.proposals.shown_lines import shown_hash
from domain.script.line import LINE_FORMATS
from materialization.proposals.decisions import Person
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, check_refusal, code_of
from tests.fuzz.mutations import mutated_json
from tests.fuzz.small_ledger import SmallLedger, small_ledger
from tests.workers.proposals.model_server import DONE, ModelServer, model_server, respond, streamed
from tests.workers.proposals.model_server import QUERY as MESSAGES
from tests.workers.proposals.proposal_setup import AnswersInTurn, ProposalRoom
from tests.workers.writer_setup import LINES
from workers.proposals.language_models.interface import Completion
from workers.proposals.language_models.openai_client import Waits

# The most requests to a model for one proposal.
ATTEMPTS = 3

numbers = st.integers(0, len(LINES) - 1)
texts = st.sampled_from(["Colder.", "", "INT. BAR - NIGHT", "é", "a\u2028b", "\u202e", "x\x1b[2J"]) | st.text(
    max_size=12
)
new_lines = st.builds(lambda form, text: {"format": form, "text": text}, st.sampled_from(LINE_FORMATS), texts)


WAITS = Waits(idle=5.0, total=10.0, attempts=1, first_pause=0.0)


def _shown(number: int) -> dict[str, str]:
    return {"line": str(number + 1), "expect": shown_hash(number + 1, LINES[number])}


def _rewrite(number: int, text: str) -> dict[str, Any]:
    return {"edit": "rewrite", **_shown(number), "text": text}


def _delete(picked: list[int]) -> dict[str, Any]:
    return {"edit": "delete", "lines": [_shown(number) for number in picked]}


def _insert(number: int, lines: list[Any]) -> dict[str, Any]:
    return {"edit": "insert", "after": str(number + 1) if number else None, "lines": lines}


def _replace(first: int, last: int, lines: list[Any]) -> dict[str, Any]:
    return {"edit": "replace", "first": _shown(first), "last": _shown(last), "lines": lines}


lines_written = st.lists(new_lines, min_size=1, max_size=4)
edits = (
    st.builds(_rewrite, numbers, texts)
    | st.builds(_delete, st.lists(numbers, min_size=1, max_size=3))
    | st.builds(_insert, numbers, lines_written)
    | st.builds(_replace, numbers, numbers, lines_written)
)
hunks = st.builds(lambda edits, why: {"edits": edits, "why": why}, st.lists(edits, min_size=1, max_size=3), texts)
answers = st.builds(lambda hunks: {"hunks": hunks}, st.lists(hunks, min_size=1, max_size=3))
bodies = st.builds(
    lambda answer, sent, came: {
        "id": "x",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(answer)}}
        ],
        "usage": {"prompt_tokens": sent, "completion_tokens": came},
    },
    answers,
    st.integers(0, 9),
    st.integers(0, 9),
)
wrappings = st.sampled_from(
    [
        "{}",
        "\ufeff{}",
        "```json\n{}\n```",
        "<think>{{</think>{}",
        "Here:\n{}\nDone.",
        "[{}, {}]",
        "INT. BAR - NIGHT\n\n{}",
    ]
)
wrapped = st.builds(
    lambda wrapping, data: wrapping.format(*[data.decode(errors="replace")] * 2).encode(),
    wrappings,
    mutated_json(answers),
)
BODY, STREAM, CONTENT = "body", "stream", "content"
inputs = (
    st.tuples(st.just(CONTENT), mutated_json(answers) | wrapped | st.binary(max_size=100))
    | st.tuples(st.sampled_from([BODY, STREAM]), mutated_json(bodies))
)  # fmt: skip


@contextmanager
def opened(folder: Path) -> Iterator[Feed]:
    with small_ledger(folder) as ledger, model_server() as server:
        room = ProposalRoom(ledger.unit_of_work)
        yield lambda given: feed(ledger, room, server, given)


def feed(ledger: SmallLedger, room: ProposalRoom, server: ModelServer, given: tuple[str, bytes]) -> str:
    """Draft a proposal from a response, accept its hunks, and drain; nothing else may change the script."""
    kind, data = given
    answer: bytes | Completion = data
    if kind != CONTENT:
        event = b"".join(b"data: " + row + b"\n" for row in data.splitlines() or [b""]) + b"\n"
        server.replies = [respond(200, data) if kind == BODY else streamed(event, DONE)]
        try:
            answer = server.model(WAITS).complete(MESSAGES)
        except Rejected as refusal:
            return code_of(refusal)
    room.script_id = room.new_script(room.user)
    number = room.ask()
    head = ledger.head(room.script_id)
    assert room.job(AnswersInTurn(*[answer] * ATTEMPTS)).run(number)
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
