"""A submission that makes this program raise is counted, refused as poison, and blocks no other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import pytest

from domain.errors import Conflict
from domain.submissions.submission import Submission
from materialization.write_path import settlement
from materialization.write_path.submit import Ledger
from materialization.write_path.suspects import SuspectsLeft, waited_for_others
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, edit


class OutOfTime(Exception):
    """The exception a worker raises when a drain exceeds its time limit."""


RAISED = (ZeroDivisionError, MemoryError, RecursionError, TypeError, IndexError, UnicodeError, OSError, OutOfTime)


@pytest.fixture
def raising(editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Exception]], Ledger]:
    decide = settlement.decide

    def made(error: type[Exception]) -> Ledger:
        def fail(submission: Submission, *given: object) -> object:
            if submission.submission_id == "poison":
                raise error
            return decide(submission, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(settlement, "decide", fail)
        return Ledger(editor.unit_of_work, time_is_up=(OutOfTime,) if error is OutOfTime else ())

    return made


def laid_out(editor: ScriptEditor) -> None:
    editor.begin()
    editor.enqueue(
        editor.submission(edit(A, "before"), id="before", base=1),
        editor.submission(edit(B, "poison"), id="poison", base=1),
        editor.submission(edit(C, "behind"), id="behind", base=1),
    )


def drain_several(ledger: Ledger, script_id: int, other: int) -> None:
    ledger.drain_all([other, script_id])
    ledger.drain(script_id, batches=1)


WAYS: dict[str, Callable[[Ledger, int, int], object]] = {
    "drain": lambda ledger, script, _: ledger.drain(script),
    "one by one": lambda ledger, script, _: ledger.drain_one_by_one(script),
    "all": lambda ledger, script, other: ledger.drain_all([script, other]),
    "several": drain_several,
}


@pytest.mark.parametrize("error", RAISED)
@pytest.mark.parametrize("way", WAYS)
def test_a_submission_that_raises_is_poison_after_five_attempts(
    editor: ScriptEditor, raising: Callable[[type[Exception]], Ledger], way: str, error: type[Exception]
) -> None:
    laid_out(editor)
    other = ScriptEditor(editor.unit_of_work, editor.ledger).begin()
    other.enqueue(other.submission(edit(A, "other"), id="other", base=1))
    ledger = raising(error)

    drains = 0
    while editor.waiting():
        drains += 1
        assert drains < 12
        with suppress(error, SuspectsLeft):
            WAYS[way](ledger, editor.script_id, other.script_id)
        if error is OutOfTime:
            # As a worker does after its time limit, and for suspects that were left.
            with suppress(error):
                ledger.drain_one_by_one(editor.script_id)

    assert editor.outcomes(["before", "poison", "behind"]) == ["applied", "refused", "applied"]
    [row] = editor.dead()
    assert (row.submission_id, row.code) == ("poison", "poison")
    if way in ("all", "several"):
        ledger.drain_all([other.script_id])
        assert other.outcomes(["other"]) == ["applied"]


def test_submissions_after_it_are_answered_at_the_first_attempt(
    editor: ScriptEditor, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(editor)
    ledger = raising(ZeroDivisionError)

    with pytest.raises(ZeroDivisionError):
        ledger.drain(editor.script_id)

    assert editor.outcomes(["before", "poison", "behind"]) == ["applied", "none", "applied"]


def test_a_submission_that_used_all_the_time_keeps_its_place_until_it_is_poison(
    editor: ScriptEditor, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(editor)
    ledger = raising(OutOfTime)
    for _ in range(5):
        with pytest.raises(OutOfTime):
            ledger.drain_one_by_one(editor.script_id)
        assert editor.outcomes(["before", "poison", "behind"]) == ["applied", "none", "none"]
    ledger.drain_one_by_one(editor.script_id)

    assert editor.outcomes(["before", "poison", "behind"]) == ["applied", "refused", "applied"]


def test_a_drain_with_a_time_limit_leaves_suspects(
    editor: ScriptEditor, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(editor)
    ledger = raising(OutOfTime)
    with pytest.raises(OutOfTime):
        ledger.drain_one_by_one(editor.script_id)

    with pytest.raises(SuspectsLeft):
        ledger.drain(editor.script_id)
    assert ledger.drain_all([editor.script_id, editor.script_id + 1_000]).suspects == (editor.script_id,)


def test_a_submission_in_process_overtakes_one_that_raises(
    editor: ScriptEditor, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(editor)

    answer = raising(ZeroDivisionError).submit(editor.submission(edit(A, "before"), id="mine", base=1))

    assert answer.outcome in ("applied", "no_op")
    assert editor.outcomes(["before", "poison", "behind"]) == ["applied", "none", "applied"]


def test_the_failure_of_several_scripts_names_those_to_be_tried_alone(
    editor: ScriptEditor, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(editor)
    other = ScriptEditor(editor.unit_of_work, editor.ledger).begin()
    other.enqueue(other.submission(edit(A, "other"), id="other", base=1))

    done = raising(ZeroDivisionError).drain_all([editor.script_id, other.script_id])

    assert done.suspects == (editor.script_id,)
    assert isinstance(done.failed, ZeroDivisionError)
    assert other.outcomes(["other"]) == ["applied"]


def test_a_time_limit_reached_in_the_database_is_no_submission_s_fault(
    editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out(editor)
    pauses: list[float] = []

    def conflict(*_: object) -> NoReturn:
        raise Conflict

    def out_of_time(seconds: float) -> NoReturn:
        pauses.append(seconds)
        raise OutOfTime

    ledger = Ledger(editor.unit_of_work, time_is_up=(OutOfTime,))
    monkeypatch.setattr(settlement, "decide", conflict)
    # As a worker's signal that arrives while the drain waits before a retry.
    monkeypatch.setattr("materialization.retry.time.sleep", out_of_time)
    for _ in range(8):
        with pytest.raises(OutOfTime):
            ledger.drain_one_by_one(editor.script_id)
    monkeypatch.undo()

    assert ledger.drain_one_by_one(editor.script_id).answered == 3
    assert editor.outcomes(["before", "poison", "behind"]) == ["applied"] * 3
    assert pauses


def test_an_exception_of_this_program_is_no_wait() -> None:
    assert not waited_for_others(OutOfTime())
