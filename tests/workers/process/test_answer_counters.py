"""Answer counter tests: pool processes count in shared memory, and the main process adds up."""

from __future__ import annotations

import os

import pytest

from domain.refusals import Poison
from domain.submissions.answer import Answer, Refusal
from repos.submissions.answers import Answered
from workers.process import answer_counters
from workers.process.answer_counters import (
    MAX_WAITED_MICROS,
    OTHER,
    UNBOUNDED,
    AnswerCounters,
    increase,
    refusal_codes,
)

NOW = 1_000_000_000


@pytest.fixture
def counters() -> AnswerCounters:
    return AnswerCounters(clock=lambda: NOW)


def answered(outcome: str, code: str | None = None) -> Answered:
    refusal = Refusal(code, "no") if code else None
    answer = Answer(script_id=1, submission_id="s", outcome=outcome, refusal=refusal)  # type: ignore[arg-type]
    return Answered(answer, b"", NOW)


def test_outcomes_and_codes_are_counted(counters: AnswerCounters):
    counters.observe([answered("applied"), answered("refused", "poison"), answered("partly", "not a code")], [])
    counters.observe([answered("applied")], [])

    assert counters.totals() == {
        ("outcome", "applied"): 2,
        ("outcome", "partly"): 1,
        ("outcome", "refused"): 1,
        ("refusal", "poison"): 1,
        ("refusal", OTHER): 1,
    }


@pytest.mark.parametrize(
    ("micros", "bucket"),
    [(0, "10"), (10_000, "10"), (10_001, "25"), (999_000, "1000"), (300_000_000, "300000"), (300_000_001, UNBOUNDED)],
)
def test_a_latency_is_in_the_bucket_of_its_upper_bound(counters: AnswerCounters, micros: int, bucket: str):
    counters.observe([], [NOW - micros])

    totals = counters.totals()
    assert totals["latency", bucket] == 1
    assert totals.get(("latency_sum", "micros"), 0) == micros


@pytest.mark.parametrize("arrived", [NOW + 5, "text", None, b"bytes", 1.5, -(1 << 62)])
def test_no_stored_time_can_break_the_counting(counters: AnswerCounters, arrived: object):
    counters.observe([answered("applied")], [arrived])  # type: ignore[list-item]

    assert sum(amount for (measure, _), amount in counters.totals().items() if measure == "latency") == 1


def test_times_long_ago_overflow_no_sum(counters: AnswerCounters):
    counters.observe([], [-(1 << 62)] * 100)

    assert counters.totals() == {
        ("latency", UNBOUNDED): 100,
        ("latency_sum", "micros"): 100 * MAX_WAITED_MICROS,
    }


def test_forked_processes_count_in_slots_of_their_own(counters: AnswerCounters, monkeypatch: pytest.MonkeyPatch):
    counters.observe([answered("applied")], [])
    for index in (0, 1, 1, answer_counters.SLOTS + 2):
        child = os.fork()
        if not child:
            monkeypatch.setattr(answer_counters.current_process(), "index", index, raising=False)
            counters.forget_slot()
            counters.observe([answered("applied")], [NOW])
            os._exit(0)
        os.waitpid(child, 0)

    assert counters.totals()["outcome", "applied"] == 5


def test_only_what_was_counted_since_is_stored(counters: AnswerCounters):
    counters.observe([answered("applied")], [])
    before = counters.totals()
    counters.observe([answered("applied"), answered("no_op")], [])

    assert increase(before, counters.totals()) == {("outcome", "applied"): 1, ("outcome", "no_op"): 1}


def test_every_refusal_of_a_submission_has_its_own_counter():
    assert Poison.code in refusal_codes()
    assert len(refusal_codes()) > 30
