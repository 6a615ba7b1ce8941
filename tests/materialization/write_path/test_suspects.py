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
from tests.materialization.write_path.script_editor import A, B, C, Desk, edit


class OutOfTime(Exception):
    """The exception a worker raises when a drain exceeds its time limit."""


RAISED = (ZeroDivisionError, MemoryError, RecursionError, TypeError, IndexError, UnicodeError, OSError, OutOfTime)


@pytest.fixture
def raising(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Exception]], Ledger]:
    decide = settlement.decide

    def made(error: type[Exception]) -> Ledger:
        def fail(submission: Submission, *given: object) -> object:
            if submission.submission_id == "poison":
                raise error
            return decide(submission, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(settlement, "decide", fail)
        return Ledger(desk.unit_of_work, time_is_up=(OutOfTime,) if error is OutOfTime else ())

    return made


def laid_out(desk: Desk) -> None:
    desk.begin()
    desk.enqueue(
        desk.submission(edit(A, "before"), id="before", base=1),
        desk.submission(edit(B, "poison"), id="poison", base=1),
        desk.submission(edit(C, "behind"), id="behind", base=1),
    )


def drain_several(ledger: Ledger, script_id: int, other: int) -> None:
    ledger.drain_all([other, script_id])
    ledger.drain(script_id, rounds=1)


WAYS: dict[str, Callable[[Ledger, int, int], object]] = {
    "drain": lambda ledger, script, _: ledger.drain(script),
    "one by one": lambda ledger, script, _: ledger.drain_one_by_one(script),
    "all": lambda ledger, script, other: ledger.drain_all([script, other]),
    "several": drain_several,
}


@pytest.mark.parametrize("error", RAISED)
@pytest.mark.parametrize("way", WAYS)
def test_a_submission_that_raises_is_poison_after_five_attempts(
    desk: Desk, raising: Callable[[type[Exception]], Ledger], way: str, error: type[Exception]
) -> None:
    laid_out(desk)
    other = Desk(desk.unit_of_work, desk.ledger).begin()
    other.enqueue(other.submission(edit(A, "other"), id="other", base=1))
    ledger = raising(error)

    drains = 0
    while desk.waiting():
        drains += 1
        assert drains < 12
        with suppress(error, SuspectsLeft):
            WAYS[way](ledger, desk.script_id, other.script_id)
        if error is OutOfTime:
            # As a worker does after its time limit, and for suspects that were left.
            with suppress(error):
                ledger.drain_one_by_one(desk.script_id)

    assert desk.outcomes(["before", "poison", "behind"]) == ["applied", "refused", "applied"]
    [row] = desk.dead()
    assert (row.submission_id, row.code) == ("poison", "poison")
    if way in ("all", "several"):
        ledger.drain_all([other.script_id])
        assert other.outcomes(["other"]) == ["applied"]


def test_submissions_after_it_are_answered_at_the_first_attempt(
    desk: Desk, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(desk)
    ledger = raising(ZeroDivisionError)

    with pytest.raises(ZeroDivisionError):
        ledger.drain(desk.script_id)

    assert desk.outcomes(["before", "poison", "behind"]) == ["applied", "none", "applied"]


def test_a_submission_that_used_all_the_time_keeps_its_place_until_it_is_poison(
    desk: Desk, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(desk)
    ledger = raising(OutOfTime)
    for _ in range(5):
        with pytest.raises(OutOfTime):
            ledger.drain_one_by_one(desk.script_id)
        assert desk.outcomes(["before", "poison", "behind"]) == ["applied", "none", "none"]
    ledger.drain_one_by_one(desk.script_id)

    assert desk.outcomes(["before", "poison", "behind"]) == ["applied", "refused", "applied"]


def test_a_drain_with_a_time_limit_leaves_suspects(desk: Desk, raising: Callable[[type[Exception]], Ledger]) -> None:
    laid_out(desk)
    ledger = raising(OutOfTime)
    with pytest.raises(OutOfTime):
        ledger.drain_one_by_one(desk.script_id)

    with pytest.raises(SuspectsLeft):
        ledger.drain(desk.script_id)
    assert ledger.drain_all([desk.script_id, desk.script_id + 1_000]).suspects == (desk.script_id,)


def test_a_submission_in_process_overtakes_one_that_raises(
    desk: Desk, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(desk)

    answer = raising(ZeroDivisionError).submit(desk.submission(edit(A, "before"), id="mine", base=1))

    assert answer.outcome in ("applied", "no_op")
    assert desk.outcomes(["before", "poison", "behind"]) == ["applied", "none", "applied"]


def test_the_failure_of_several_scripts_names_those_to_be_tried_alone(
    desk: Desk, raising: Callable[[type[Exception]], Ledger]
) -> None:
    laid_out(desk)
    other = Desk(desk.unit_of_work, desk.ledger).begin()
    other.enqueue(other.submission(edit(A, "other"), id="other", base=1))

    done = raising(ZeroDivisionError).drain_all([desk.script_id, other.script_id])

    assert done.suspects == (desk.script_id,)
    assert isinstance(done.failed, ZeroDivisionError)
    assert other.outcomes(["other"]) == ["applied"]


def test_a_time_limit_reached_in_the_database_is_no_submission_s_fault(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out(desk)
    pauses: list[float] = []

    def conflict(*_: object) -> NoReturn:
        raise Conflict

    def out_of_time(seconds: float) -> NoReturn:
        pauses.append(seconds)
        raise OutOfTime

    ledger = Ledger(desk.unit_of_work, time_is_up=(OutOfTime,))
    monkeypatch.setattr(settlement, "decide", conflict)
    # As a worker's signal that arrives while the drain waits before a retry.
    monkeypatch.setattr("materialization.retry.time.sleep", out_of_time)
    for _ in range(8):
        with pytest.raises(OutOfTime):
            ledger.drain_one_by_one(desk.script_id)
    monkeypatch.undo()

    assert ledger.drain_one_by_one(desk.script_id).answered == 3
    assert desk.outcomes(["before", "poison", "behind"]) == ["applied"] * 3
    assert pauses


def test_an_exception_of_this_program_is_no_wait() -> None:
    assert not waited_for_others(OutOfTime())
