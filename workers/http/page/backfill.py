"""The page of the backfill: its runs, the progress of each domain, and the legacy rows that were set aside."""

from __future__ import annotations

from typing import NamedTuple

from backfill.runs.progress import DomainState, domain_states
from backfill.runs.shown_keys import shown_row
from repos.backfill.quarantined_rows import QuarantineCount, StoredQuarantine
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import RecordsTransaction
from workers.http.page.visit import ROWS_PER_PAGE, Problem, Services, Shown, Visit

MAX_RUNS = 10


class SetAside(NamedTuple):
    """A legacy row that was set aside, with its key as people may see it."""

    row: StoredQuarantine
    key: str


def backfill(services: Services, visit: Visit) -> Shown:
    """The latest run, or the one asked for, and a list of the others."""
    after = visit.number("after")
    with services.unit_of_work.reading() as tx:
        runs = tx.backfill_runs.read(limit=MAX_RUNS)
        run = _chosen(tx, visit.number("run"), runs)
        if run is None:
            return Shown("backfill.html", {"run": None, "runs": []})
        domains: list[DomainState] = [domain for domain in domain_states(tx, run) if domain.items]
        counts: list[QuarantineCount] = tx.quarantined_rows.counts(run.id)
        stored = tx.quarantined_rows.read(run.id, after=after, limit=ROWS_PER_PAGE + 1)
    rows = [SetAside(each, shown_row(each.row, run.hash_key)) for each in stored[:ROWS_PER_PAGE]]
    return Shown(
        "backfill.html",
        {
            "run": run,
            "runs": runs,
            "domains": domains,
            "counts": counts,
            "rows": rows,
            "after": after,
            "next": rows[-1].row.id if len(stored) > ROWS_PER_PAGE else 0,
        },
    )


def _chosen(tx: RecordsTransaction, number: int, runs: list[BackfillRunRow]) -> BackfillRunRow | None:
    if not number:
        return runs[0] if runs else None
    run = tx.backfill_runs.get(number)
    if run is None:
        raise Problem(404, f"There is no backfill run {number}.")
    return run
