"""The page of runs with their progress: those of every kind that are not finished, and the latest that are."""

from __future__ import annotations

from workers.http.page.visit import Services, Shown, Visit
from workers.monitoring.overview_runs import run_of

MAX_RUNS = 30


def runs(services: Services, _visit: Visit) -> Shown:
    """The runs that are not finished, and the latest that are."""
    with services.unit_of_work.reading() as tx:
        latest = tx.runs.read(limit=MAX_RUNS)
    active = [run for run in services.overview.read().runs if run.finished_at is None]
    finished = [run_of(row) for row in latest if row.finished_at is not None]
    return Shown("runs.html", {"active": active, "finished": finished})
