"""Fuzz target: submissions. Bytes are decoded, and valid submissions are decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from cli.rendering.answers import described
from domain.errors import Rejected
from domain.log.head import Head
from domain.submissions.answer import Answer, Refusal
from domain.submissions.submission import Submission, decode_submission, encode_submission
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, check_refusal, check_shown, code_of
from tests.fuzz.mutations import mutated_json
from tests.fuzz.small_ledger import Rows, SmallLedger, small_ledger
from tests.fuzz.submissions import addressed, submissions

WRITTEN_BY_REFUSALS = {"submissions", "rejected_submissions"}


@contextmanager
def opened(folder: Path) -> Iterator[Feed]:
    with small_ledger(folder) as ledger:
        yield lambda data: feed(ledger, data)


def feed(ledger: SmallLedger, data: bytes) -> str:
    """Decode and decide an input; a refused one must leave nothing but its answer."""
    script_id = ledger.new_script()
    try:
        submission = decode_submission(addressed(data, script_id))
    except Rejected as refusal:
        return code_of(refusal)
    assert decode_submission(encode_submission(submission)) == submission
    rows, head = ledger.rows(), ledger.head(script_id)
    try:
        answer = ledger.ledger.submit(submission)
    except Rejected as refusal:
        assert (ledger.rows(), ledger.head(script_id)) == (rows, head)
        return code_of(refusal)
    if answer.refusal and answer.outcome == "refused":
        assert written_besides(ledger.rows()) == written_besides(rows)
        assert tip(ledger.head(script_id)) == tip(head)
    return settled(ledger, submission, answer, script_id)


def written_besides(rows: Rows) -> Rows:
    """Row counts of the tables to which a refusal writes nothing."""
    return {table: count for table, count in rows.items() if table not in WRITTEN_BY_REFUSALS}


def tip(head: Head) -> tuple[int, bytes, bytes]:
    """The columns of a head that describe its script."""
    return head.version, head.chain_hash, head.state_hash


def settled(ledger: SmallLedger, submission: Submission, answer: Answer, script_id: int) -> str:
    """The outcome of a submission, after its answer and the ledger are checked."""
    check_answer(answer)
    ledger.require_whole(script_id)
    if submission.script_id == script_id:
        assert ledger.head(script_id).version == (answer.last_version or 3)
        assert ledger.ledger.submit(submission) == answer
    return answer.refusal.code if answer.refusal else ACCEPTED


def check_answer(answer: Answer) -> None:
    """Fail for an answer that is not JSON, has undocumented codes, or has unescaped control characters."""
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer
    refusals = [answer.refusal, *(each.refusal for each in answer.commands)]
    for refusal in refusals:
        if isinstance(refusal, Refusal):
            check_refusal(refusal.code, refusal.message)
    for text in described(answer):
        check_shown(text.plain)


TARGET = Target("submission", mutated_json(submissions()) | st.binary(max_size=200), opened)
