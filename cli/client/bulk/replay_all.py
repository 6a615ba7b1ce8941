"""Many dead letters sent again, each once: `rejected replay --all`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from cli.client.bulk.bulk_run import BulkRun, Pace
from cli.client.bulk.many_submissions import CONTINUES, count_result, explain_pending
from cli.client.queue import Queue
from cli.rendering.operate.bulk import BulkReport
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from domain.errors import Conflict, Rejected
from domain.submissions.submission import decode_submission
from materialization.submissions.resubmit import REPLAY, rejection, replay_id, replayed
from repos.database.driver_errors import DriverError
from repos.submissions.dead_letter_search import LetterFilter, ListedLetter
from repos.submissions.inbox import Held
from repos.unit_of_work import RecordsTransaction
from workers.producers.bulk_sender import Outgoing

LETTERS_PER_PAGE = 200


class Selection(NamedTuple):
    """Which dead letters are sent again: those that match up to a number, at most `limit` (0: all).

    Without `again`, those that were replays themselves are left out.
    """

    wanted: LetterFilter
    upto: int
    limit: int
    again: bool


class Counts(NamedTuple):
    """How many dead letters of a selection would be sent now, were sent before, and are replays themselves."""

    due: int
    before: int
    replays: int


def count_due(tx: RecordsTransaction, selection: Selection) -> Counts:
    """Count what a replay of a selection would do."""
    due = before = replays = after = 0
    while page := _page(tx, selection, after):
        own = _own(page, selection)
        done = _replayed_before(tx, own)
        replays += len(page) - len(own)
        before += len(done)
        due += len(own) - len(done)
        after = page[-1].id
    return Counts(min(due, selection.limit) if selection.limit else due, before, replays)


def send_again(sending: Queue, selection: Selection, report: BulkReport, *, total: int, timeout: float) -> None:
    """Send the dead letters of a selection again, the oldest first, and wait for the answers.

    Raises:
        Ending: interrupted, or the broker cannot be used; what was sent is safe.
    """
    run = BulkRun(sending, Pace(0.0, wait=True, timeout=timeout), lambda result: count_result(report, result))
    try:
        run.send_all(_due(sending, selection, report), total=total)
    except KeyboardInterrupt:
        done = f"Interrupted after {run.sent:,} were sent again and {run.answered:,} answered."
        raise Ending(Exit.INTERRUPTED, f"{done} {CONTINUES}") from None
    except (Conflict, *DriverError):
        screen.warn(f"{run.sent:,} were sent again. {CONTINUES}", style="yellow")
        raise
    report.pending(run.pending)
    if run.pending:
        explain_pending(sending, run)


def _due(sending: Queue, selection: Selection, report: BulkReport) -> Iterator[Outgoing]:
    found = _unlimited(sending, selection, report)
    return islice(found, selection.limit) if selection.limit else found


def _unlimited(sending: Queue, selection: Selection, report: BulkReport) -> Iterator[Outgoing]:
    after = 0
    while True:
        # No connection is held while the caller sends.
        with sending.unit_of_work.reading() as tx:
            page = _page(tx, selection, after)
            own = _own(page, selection)
            done = _replayed_before(tx, own)
            pending = tx.inbox.held_among([_name(row) for row in own])
        if not page:
            return
        for listed in own:
            if listed.id in done:
                continue
            held = pending.get(_name(listed))
            try:
                yield _pending(listed, held) if held else _replay(sending, listed)
            except Rejected as refusal:
                report.invalid(listed.id, refusal.alone(), (listed.script_id, listed.submission_id))
        after = page[-1].id


def _pending(listed: ListedLetter, held: Held) -> Outgoing:
    # As it was sent: the name of its user may have changed since.
    return Outgoing(listed.id, decode_submission(held.payload), held.payload, held.user_id)


def _replay(sending: Queue, listed: ListedLetter) -> Outgoing:
    with sending.unit_of_work.reading() as tx:
        row = rejection(tx, listed.id)
        return Outgoing.of(row.id, replayed(tx, row, _name(listed)[1]), row.user_id)


def _own(page: list[ListedLetter], selection: Selection) -> list[ListedLetter]:
    return [row for row in page if selection.again or not row.submission_id.startswith(REPLAY)]


def _page(tx: RecordsTransaction, selection: Selection, after: int) -> list[ListedLetter]:
    return tx.rejected_search.oldest(selection.wanted, after=after, upto=selection.upto, limit=LETTERS_PER_PAGE)


def _replayed_before(tx: RecordsTransaction, rows: list[ListedLetter]) -> set[int]:
    """The numbers of those whose replay is answered."""
    names = {_name(row): row.id for row in rows}
    answered = tx.submissions.among(list(names))
    return {names[found.answer.script_id, found.answer.submission_id] for found in answered}


def _name(row: ListedLetter) -> tuple[int, str]:
    return row.script_id, replay_id(row.id, row.script_id, row.submission_id, row.rejected_at)
