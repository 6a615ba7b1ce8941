"""Cancellation of pending submissions: each gets the answer `refused` with the code `cancelled`.

The head of the script is locked first, as for a drain, so exactly one of the two answers a submission. A cancelled
submission is kept in the dead letters. The state of the script is not needed: a quarantined script is no obstacle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple

from domain.errors import Rejected
from domain.script.state import State
from domain.submissions.answer import Answer, Refusal
from materialization.clock import system_clock
from materialization.retry import with_retries
from materialization.write_path.settlement import Settlement
from repos.log.head_lock_statements import NAMED_AT_ONCE
from repos.submissions.pending_search import PendingRow
from repos.unit_of_work import UnitOfWork

Became = Literal["cancelled", "answered", "gone"]


class Cancellation(NamedTuple):
    """What became of a submission: cancelled now, answered before by a drain (with its answer), or gone without one."""

    script_id: int
    submission_id: str
    became: Became
    answer: Answer | None


class Cancelled(NamedTuple):
    """The cancellations of one script, and whether other submissions of it are pending."""

    each: list[Cancellation]
    more: bool


def cancel(
    unit_of_work: UnitOfWork,
    script_id: int,
    rows: Sequence[PendingRow],
    reason: Rejected,
    *,
    clock: Callable[[], int] = system_clock,
) -> Cancelled:
    """Cancel pending submissions of one script, in transactions of bounded size.

    Raises:
        Conflict: every attempt met one; the same call can be repeated.
    """
    each: list[Cancellation] = []
    more = False
    left = {row.id: row for row in rows}
    while left:
        part = [row.id for row in list(left.values())[:NAMED_AT_ONCE]]
        done, gone, more = with_retries(partial(_cancel_part, unit_of_work, script_id, part, Refusal.of(reason), clock))
        each += [Cancellation(script_id, left[arrival].submission_id, "cancelled", answer) for arrival, answer in done]
        each += [_answered(unit_of_work, script_id, left[arrival].submission_id) for arrival in gone]
        for arrival in (*(arrival for arrival, _ in done), *gone):
            del left[arrival]
    return Cancelled(each, more)


def _cancel_part(
    unit_of_work: UnitOfWork, script_id: int, arrivals: list[int], refusal: Refusal, clock: Callable[[], int]
) -> tuple[list[tuple[int, Answer | None]], list[int], bool]:
    """Cancel as many as fit: those cancelled with their answers, those not pending any more, and whether more are."""
    with unit_of_work.script(script_id, wait=True) as tx:
        rows = tx.heads.pending(script_id, arrivals)
        settlement = Settlement(tx, State.empty(), clock())
        if rows:
            settlement.apply_inbox(rows, refusal)
            settlement.write()
        elif tx.head.provisional:
            tx.heads.remove_unborn(script_id)
    found = {row.id: row for row in rows}
    done: list[tuple[int, Answer | None]] = []
    gone = [arrival for arrival in arrivals if arrival not in found]
    for arrival in settlement.done:
        row = found[arrival]
        if row.answered is not None:
            # Sent again after its answer: the row is removed, and the first answer stands.
            gone.append(arrival)
        else:
            done.append((arrival, settlement.answers.get(row.submission_id)))
    return done, gone, tx.more


def _answered(unit_of_work: UnitOfWork, script_id: int, submission_id: str) -> Cancellation:
    with unit_of_work.reading() as tx:
        found = tx.submissions.get(script_id, submission_id)
    return Cancellation(script_id, submission_id, "answered" if found else "gone", found.answer if found else None)
