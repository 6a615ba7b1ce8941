"""The page of scripts with pending submissions, the first to arrive first."""

from __future__ import annotations

from materialization.clock import system_clock
from repos.submissions.pending_scripts import MAX_COUNTED
from workers.http.page.visit import ROWS_PER_PAGE, Services, Shown, Visit


def waiting(services: Services, visit: Visit) -> Shown:
    """The scripts that wait, quarantined ones among them."""
    after = visit.number("after")
    with services.unit_of_work.reading() as tx:
        rows, following = tx.pending_scripts.read(after=after, limit=ROWS_PER_PAGE)
    values = {"rows": rows, "next": following, "after": after, "now": system_clock(), "max_counted": MAX_COUNTED}
    return Shown("waiting.html", values)
