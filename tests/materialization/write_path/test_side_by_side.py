"""Concurrent writers of one script: its versions are dense, and each submission has one effect."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import chain, count
from typing import TypeVar

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from domain.script.line import Line
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission
from materialization.retry import with_retries
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, create, edit, insert

WRITERS = 8
EACH = 25

T = TypeVar("T")


def by_threads(work: Callable[[int], T], many: int = WRITERS) -> list[T]:
    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(work, range(many)))


def test_eight_creators_make_one_script(engine: Engine):
    unit_of_work = UnitOfWork(engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work))

    def create_it(number: int) -> Answer:
        submission = editor.submission(create(A, title=f"by {number}"), id=f"c{number}", base=0)
        return Ledger(unit_of_work).submit(submission)

    answers = by_threads(create_it)

    assert Counter(answer.outcome for answer in answers) == {"applied": 1, "refused": WRITERS - 1}
    assert {answer.refusal.code for answer in answers if answer.refusal} == {"script_exists"}
    assert editor.version == 1


def test_one_submission_eight_times_at_once_is_one_effect(engine: Engine):
    unit_of_work = UnitOfWork(engine)
    shared = Ledger(unit_of_work)
    editor = ScriptEditor(unit_of_work, shared).begin()
    for number in range(5):
        submission = editor.submission(
            edit(Line("a", "action", editor.texts()[0]), f"{number}"),
            insert(Line(f"n{number}", "note", "x"), after="c"),
        )

        def send(thread: int, submission: Submission = submission) -> Answer:
            return (shared if thread % 2 else Ledger(unit_of_work)).submit(submission)

        first, *others = by_threads(send)
        assert (first.outcome, others) == ("applied", [first] * (WRITERS - 1))
    assert (editor.version, editor.verified().finding) == (11, None)


def test_concurrent_drains_answer_everything_once(engine: Engine):
    unit_of_work = UnitOfWork(engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin()

    def produce_and_ring(number: int) -> int:
        ledger, answered = Ledger(unit_of_work), 0
        for turn in range(10):
            line = Line(f"w{number}-{turn}", "action", "text")
            # SQLite has one lock and no queue for it: a writer that waits too long gets a conflict, and retries.
            with_retries(partial(editor.enqueue, editor.submission(insert(line, after="b"), id=line.id, base=1)))
            answered += drained(ledger)
        return answered

    def drained(ledger: Ledger) -> int:
        done = ledger.drain(editor.script_id)
        # As a worker does: a drain that ran all of its batches leaves what came in the meantime to the next bell.
        return done.answered + (drained(ledger) if done.more else 0)

    answered = by_threads(produce_and_ring)

    assert (sum(answered), editor.waiting()) == (WRITERS * 10, 0)
    assert (editor.version, editor.verified().finding) == (WRITERS * 10 + 1, None)
    for number in range(WRITERS):
        mine = [entry.submission_id for entry in editor.log() if entry.submission_id.startswith(f"w{number}-")]
        assert mine == [f"w{number}-{turn}" for turn in range(10)]


def test_a_bell_that_found_the_head_locked_in_process_is_not_lost(mariadb_engine: Engine):
    unit_of_work = UnitOfWork(mariadb_engine)
    late: list[int] = []

    def while_the_head_is_held() -> int:
        editor.enqueue(editor.submission(edit(B, "y"), id="late", base=1))
        late.append(Ledger(unit_of_work).drain(editor.script_id).answered)
        return 1

    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin()
    editor.ledger = Ledger(unit_of_work, clock=lambda: 1 if late else while_the_head_is_held())

    editor.send(edit(A, "x"), base=1)

    assert (late, editor.outcomes(["late"]), editor.waiting()) == ([0], ["applied"], 0)


def test_two_ledgers_take_turns_at_one_script(engine: Engine):
    unit_of_work = UnitOfWork(engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin()
    other = ScriptEditor(unit_of_work, Ledger(unit_of_work), editor.script_id)
    numbers = count(1)
    for turn in range(20):
        for one in (editor, other):
            line = Line("a", "action", editor.texts()[0])
            assert (
                one.send(edit(line, f"{next(numbers)}"), base=editor.version, id=f"t{next(numbers)}").outcome
                == "applied"
            )
        if turn % 3 == 0:
            assert (
                editor.send(edit(Line("b", "action", editor.texts()[1]), f"{turn}"), id=f"b{turn}").outcome == "applied"
            )

    assert editor.verified().finding is None


def test_a_warm_state_of_another_log_is_not_used(unit_of_work: UnitOfWork):
    """As after a restored backup: the head is ahead of the cached state, by other commands."""
    here, there = Ledger(unit_of_work), Ledger(unit_of_work)
    editor = ScriptEditor(unit_of_work, here).begin()
    first = editor.head
    assert first
    editor.ledger = there
    editor.send(edit(A, "x"))
    other_past = replace(editor.state(), version=1)
    here._warm.put(replace(first, chain_hash=b"another past"), other_past)

    editor.ledger = here
    assert editor.send(edit(B, "y")).outcome == "applied"
    assert editor.verified().finding is None


def write_in_a_process(url: str, script_id: int, number: int) -> list[tuple[str, int | None]]:
    engine = make_engine(url, pool_size=1)
    unit_of_work = UnitOfWork(engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work), script_id)
    try:
        answers = [
            editor.send(insert(Line(f"p{number}-{turn}", "action", "x"), after="a"), id=f"p{number}-{turn}", base=1)
            for turn in range(EACH)
        ]
        # ... and each of them a second time, while the others still write
        assert answers == [
            editor.send(insert(Line(f"p{number}-{turn}", "action", "x"), after="a"), id=f"p{number}-{turn}", base=1)
            for turn in range(EACH)
        ]
    finally:
        engine.dispose()
    return [(answer.outcome, answer.first_version) for answer in answers]


@pytest.mark.slow
def test_eight_processes_write_two_hundred_versions(mariadb_engine: Engine, mariadb_url: str):
    unit_of_work = UnitOfWork(mariadb_engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin(A, B, C)

    with ProcessPoolExecutor(WRITERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(write_in_a_process, mariadb_url, editor.script_id, number) for number in range(WRITERS)]
        answers = list(chain.from_iterable(job.result() for job in jobs))

    assert Counter(outcome for outcome, _ in answers) == {"applied": WRITERS * EACH}
    assert sorted(version or 0 for _, version in answers) == list(range(2, WRITERS * EACH + 2))
    assert [entry.version for entry in editor.log()] == list(range(1, WRITERS * EACH + 2))
    assert (editor.state().line_count, editor.verified().finding) == (WRITERS * EACH + 3, None)
