"""Pending submissions chosen by a user, and cancelled in bulk: `cancel`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from domain.errors import Rejected
from domain.submissions.submission import decode_submission
from materialization.pending.cancel import Cancellation, cancel
from repos.submissions.pending_search import PendingFilter, PendingRow
from repos.unit_of_work import RecordsTransaction, UnitOfWork

ROWS_PER_PAGE = 200


class Choice(NamedTuple):
    """Pending submissions that match up to an arrival number; with `run`, only those of this run of an AI."""

    wanted: PendingFilter
    upto: int
    run: str | None = None


class CancelCounts(NamedTuple):
    """How many submissions match, and of how many scripts."""

    submissions: int
    scripts: int


def count(unit_of_work: UnitOfWork, choice: Choice) -> CancelCounts:
    """Count what matches a choice."""
    scripts: Counter[int] = Counter()
    for page in _pages(unit_of_work, choice):
        scripts.update(row.script_id for row in page)
    return CancelCounts(scripts.total(), len(scripts))


def cancel_matching(
    unit_of_work: UnitOfWork, choice: Choice, reason: Rejected, show: Callable[[Sequence[Cancellation]], object]
) -> set[int]:
    """Cancel what matches, in the order of arrival; returns the scripts that have other pending submissions."""
    left: set[int] = set()
    for page in _pages(unit_of_work, choice):
        left |= cancel_rows(unit_of_work, page, reason, show)
    return left


def cancel_rows(
    unit_of_work: UnitOfWork,
    rows: Sequence[PendingRow],
    reason: Rejected,
    show: Callable[[Sequence[Cancellation]], object],
) -> set[int]:
    """Cancel these submissions, script by script; returns the scripts that have other pending submissions."""
    left: set[int] = set()
    by_script = attrgetter("script_id")
    for script_id, part in groupby(sorted(rows, key=by_script), by_script):
        done = cancel(unit_of_work, script_id, list(part), reason)
        show(done.each)
        if done.more:
            left.add(script_id)
    return left


def with_a_script(rows: Sequence[PendingRow]) -> list[PendingRow]:
    """The rows that name a script which can be locked: SQLite keeps values of other types too."""
    return [row for row in rows if row.script_id.__class__ is int]


def _pages(unit_of_work: UnitOfWork, choice: Choice) -> Iterator[list[PendingRow]]:
    wanted = choice.wanted._replace(with_payloads=choice.run is not None)
    after = 0
    while True:
        with unit_of_work.reading() as tx:
            page = tx.pending.search(wanted, after=after, upto=choice.upto, limit=ROWS_PER_PAGE)
            known = with_a_script(page)
            chosen = known if choice.run is None else [row for row in known if _run_of(tx, row) == choice.run]
        if not page:
            return
        if chosen:
            yield chosen
        after = page[-1].id


def _run_of(tx: RecordsTransaction, row: PendingRow) -> str | None:
    payload = tx.pending.payload_at(row.id) if row.payload is None else row.payload
    try:
        return None if payload is None else decode_submission(payload).cause.run_id
    except Rejected:
        return None
