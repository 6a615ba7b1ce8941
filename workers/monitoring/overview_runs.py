"""Runs of the overview: materialization, verification, rebuilds and a backfill, each with its progress."""

from __future__ import annotations

from collections.abc import Iterator

from repos.scheduling.activity_counts import MINUTE_MICROS
from repos.scheduling.backlog_rows import BacklogRead
from repos.scheduling.materialization_runs import RunRow
from workers.monitoring.overview import Proposals, Run

SECOND = 1_000_000
# Of finished runs, only the latest are shown.
MAX_FINISHED = 3


def runs(read: BacklogRead) -> Iterator[Run]:
    """The runs that are not finished, and the latest that are."""
    finished = 0
    for row in read.runs:
        finished += row.finished_at is not None
        if row.finished_at is not None and finished > MAX_FINISHED:
            continue
        yield run_of(row)
    for rebuild in read.rebuilds:
        yield Run(
            kind="rebuild",
            script_id=rebuild.script_id,
            started_at=rebuild.started_at,
            total=rebuild.head,
            done=rebuild.version,
        )
    if read.backfill:
        counts = {row.item_state: row.number for row in read.backfill}
        first = read.backfill[0]
        yield Run(
            kind="backfill",
            id=first.run_id,
            started_at=first.opened_at,
            total=sum(counts.values()),
            done=counts.get("done", 0),
            failed=counts.get("failed", 0),
        )


def run_of(row: RunRow) -> Run:
    """A run of materialization or verification."""
    return Run(
        # A run with a sample to verify has the slot after the minute's own (`workers.scheduling.schedules`).
        kind="verification" if row.slot_at % MINUTE_MICROS == 1 else "materialization",
        id=row.id,
        started_at=row.opened_at,
        finished_at=row.finished_at,
        total=row.due,
        done=row.done,
        failed=row.failed,
    )


def proposals(read: BacklogRead) -> Proposals:
    """The proposals that wait."""
    by_state = {row.state: row for row in read.proposals}
    queued, proposed = by_state.get("queued"), by_state.get("proposed")
    return Proposals(
        queued.number if queued else 0,
        max(0.0, (read.now - queued.oldest_at) / SECOND) if queued else 0.0,
        proposed.number if proposed else 0,
    )
