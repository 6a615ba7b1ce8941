"""The page of scripts with pending submissions, the first to arrive first."""

from __future__ import annotations

from materialization.clock import system_clock
from workers.http.page.visit import ROWS_PER_PAGE, Services, Shown, Visit


def waiting(services: Services, visit: Visit) -> Shown:
    """The scripts that wait, quarantined ones among them."""
    after = visit.number("after")
    with services.unit_of_work.reading() as tx:
        rows = tx.pending_scripts.read(after=after, limit=ROWS_PER_PAGE + 1)
    shown = rows[:ROWS_PER_PAGE]
    following = shown[-1].first if len(rows) > ROWS_PER_PAGE else 0
    return Shown("waiting.html", {"rows": shown, "next": following, "after": after, "now": system_clock()})
