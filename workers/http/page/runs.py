"""The page of runs with their progress: materialization, verification and backfill."""

from __future__ import annotations

from workers.http.page.visit import Services, Shown, Visit

MAX_RUNS = 20


def runs(services: Services, _visit: Visit) -> Shown:
    """The latest runs, those that are not finished first."""
    with services.unit_of_work.reading() as tx:
        latest = tx.runs.read(limit=MAX_RUNS)
    rows = sorted(latest, key=lambda run: (run.finished_at is not None, -run.id))
    return Shown("runs.html", {"rows": rows})
