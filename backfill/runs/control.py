"""Control of a run: pause, resume, cancel, and items that are done again."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from backfill.domains.registry import DOMAINS
from backfill.runs.opening import NoBackfillRun
from backfill.runs.process_lease import scanning_process
from backfill.runs.progress import domain_states
from backfill.runs.run_options import load_options
from domain.errors import Conflict, Rejected
from materialization.clock import system_clock
from materialization.retry import with_retries
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import RecordsTransaction, UnitOfWork

PAGE = 1_000


class BackfillNotBegun(Rejected):
    """Process {process} still scans the legacy database. No run has begun, nothing is written: end it with Ctrl-C."""


class BackfillNotPlanned(Rejected):
    """The items of this backfill are not all known yet; `scriptledger backfill run` finds them and goes on."""


class UnknownBackfillItem(Rejected):
    """This run has no item {item}; `scriptledger backfill status` lists those that failed."""


def latest_run(tx: RecordsTransaction) -> BackfillRunRow:
    """The active run, or else the last one.

    Raises:
        NoBackfillRun: there was none.
        BackfillNotBegun: a process is about to begin the first one.
    """
    run = tx.backfill_runs.active()
    if run is None:
        run = next(iter(tx.backfill_runs.read(limit=1)), None)
    if run is None:
        raise _no_run(tx, system_clock())
    return run


def pause(unit_of_work: UnitOfWork, now: int) -> BackfillRunRow:
    """Pause the active run: workers finish their slice, and leave the rest.

    Raises:
        NoBackfillRun: none is active.
        BackfillNotBegun: a process scans the legacy database before it begins one.
    """
    with unit_of_work.records() as tx:
        run = _active(tx, now)
        tx.backfill_runs.move(run.id, "paused", now=now)
        return run._replace(state="paused")


def resume(unit_of_work: UnitOfWork, now: int) -> BackfillRunRow:
    """Let the active run go on; it is finished if its workers had done everything when it was paused.

    Raises:
        NoBackfillRun: none is active.
        BackfillNotBegun: a process scans the legacy database before it begins one.
        BackfillNotPlanned: it was interrupted before its items were all known.
    """
    with unit_of_work.records() as tx:
        run = _active(tx, now)
        if not DOMAINS.keys() <= set(load_options(run.options).planned):
            raise BackfillNotPlanned
        tx.backfill_runs.move(run.id, "running", now=now)
        if all(domain.complete for domain in domain_states(tx, run)):
            tx.backfill_runs.move(run.id, "finished", now=now)
        return tx.backfill_runs.get(run.id) or run


def cancel(unit_of_work: UnitOfWork, now: int) -> BackfillRunRow:
    """End the active run. What came over stays; a worker that still has an item writes nothing more.

    Raises:
        NoBackfillRun: none is active.
        BackfillNotBegun: a process scans the legacy database before it begins one.
    """
    # A first slice locks its item, for as long as a large save takes.
    return with_retries(lambda: _cancel(unit_of_work, now))


def retry(
    unit_of_work: UnitOfWork, *, item: int | None = None, failed: bool = False, quarantined: bool = False
) -> tuple[BackfillRunRow, int]:
    """Do items again from their beginning: one, those that failed, or those with quarantined rows.

    Rows that came over stay. A finished run becomes active again, and its certificate is void.

    Raises:
        NoBackfillRun: there was none, or the last one was cancelled.
        UnknownBackfillItem: it is not of this run.
        BackfillRunActive: another run was opened at the same time.
    """
    # A first slice locks its item, for as long as a large save takes.
    return with_retries(lambda: _retry(unit_of_work, item=item, failed=failed, quarantined=quarantined))


def _cancel(unit_of_work: UnitOfWork, now: int) -> BackfillRunRow:
    with unit_of_work.records() as tx:
        run = _active(tx, now)
        tx.backfill_items.stop(run.id)
        tx.backfill_runs.move(run.id, "cancelled", now=now)
        return run._replace(state="cancelled")


def _retry(
    unit_of_work: UnitOfWork, *, item: int | None, failed: bool, quarantined: bool
) -> tuple[BackfillRunRow, int]:
    with unit_of_work.records() as tx:
        run = latest_run(tx)
        if run.state == "cancelled":
            raise NoBackfillRun
        if item is not None:
            found = tx.backfill_items.get(item)
            if found is None or found.run_id != run.id:
                raise UnknownBackfillItem(item=item)
        chosen: set[int] = set() if item is None else {item}
        if failed:
            chosen.update(_failed(tx, run.id))
        if quarantined:
            chosen.update(_with_quarantined_rows(tx, run.id))
        if chosen:
            tx.backfill_runs.make_void(run.id, "items were done again after it was made")
            if run.active is None:
                tx.backfill_runs.reopen(run.id)
            options = load_options(run.options)
            # Its lock is that of the run, which its workers may just have finished.
            if not tx.backfill_runs.choose(run.id, replace(options, retries=options.retries + 1).dump()):
                raise Conflict("the run ended in the meantime")
        for number in sorted(chosen):
            # Its lock first: a slice that ends in the meantime may set rows aside.
            tx.backfill_items.retry(number)
            tx.quarantined_rows.remove_of_item(number)
        if chosen and run.active is not None:
            tx.backfill_runs.hold(run.id, None)
    return run, len(chosen)


def _active(tx: RecordsTransaction, now: int) -> BackfillRunRow:
    run = tx.backfill_runs.active()
    if run is None:
        raise _no_run(tx, now)
    return run


def _no_run(tx: RecordsTransaction, now: int) -> Rejected:
    process = scanning_process(tx, now)
    if process is None:
        return NoBackfillRun()
    host, _, number = process.rpartition(" ")
    return BackfillNotBegun(process=f"{number} of {host}")


def _failed(tx: RecordsTransaction, run_id: int) -> Iterable[int]:
    after = 0
    while page := tx.backfill_items.read(run_id, state="failed", after=after, limit=PAGE):
        yield from (item.id for item in page)
        after = page[-1].id


def _with_quarantined_rows(tx: RecordsTransaction, run_id: int) -> Iterable[int]:
    after = 0
    while page := tx.quarantined_rows.read(run_id, after=after, limit=PAGE):
        yield from (row.item_id for row in page)
        after = page[-1].id
