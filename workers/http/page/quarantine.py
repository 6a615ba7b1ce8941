"""The page of quarantined scripts, and their way back into service."""

from __future__ import annotations

from typing import NamedTuple

from materialization.clock import system_clock
from materialization.integrity.quarantine import NotQuarantined, StillBroken, reopen
from repos.integrity.quarantines import QuarantineRow
from workers.http.page.visit import ROWS_PER_PAGE, Moved, Problem, Services, Shown, Visit

# A count of scripts that are being backfilled stops here.
MAX_COUNT = 1_000


class OutOfService(NamedTuple):
    """A quarantined script: its latest quarantine, and whether submissions wait for it (at most 256 are counted)."""

    script_id: int
    quarantine: QuarantineRow | None
    waiting: int


def quarantine(services: Services, visit: Visit) -> Shown:
    """The quarantined scripts, and how many are being backfilled."""
    after = visit.number("after")
    with services.unit_of_work.reading() as tx:
        scripts = tx.quarantines.out_of_service(after=after, limit=ROWS_PER_PAGE + 1)
        rows = [
            OutOfService(script, next(iter(tx.quarantines.read(script, limit=1)), None), len(tx.inbox.arrivals(script)))
            for script in scripts[:ROWS_PER_PAGE]
        ]
        backfilling = len(tx.quarantines.backfilling(limit=MAX_COUNT))
    following = rows[-1].script_id if len(scripts) > ROWS_PER_PAGE else 0
    values = {"rows": rows, "next": following, "after": after, "backfilling": backfilling, "most": MAX_COUNT}
    return Shown("quarantine.html", {**values, "reopened": visit.number("reopened"), "waits": visit.number("waits")})


def history(services: Services, visit: Visit) -> Shown:
    """Every quarantine of a script."""
    script = visit.path["script"]
    with services.unit_of_work.reading() as tx:
        head = tx.heads.get(script)
        rows = tx.quarantines.read(script)
    if head is None:
        raise Problem(404, f"There is no script {script}.")
    return Shown("script_quarantines.html", {"script_id": script, "rows": rows, "health": head.health})


def reopen_script(services: Services, visit: Visit) -> Moved:
    """Verify a script and reopen it, or reopen it as it is."""
    script, unverified = visit.path["script"], visit.form.get("unverified") == "yes"
    try:
        waits = reopen(services.unit_of_work, script, by=visit.person.name, now=system_clock(), unverified=unverified)
    except NotQuarantined:
        raise Problem(409, f"Script {script} is not quarantined.") from None
    except StillBroken as broken:
        raise Problem(
            409,
            f"It stays quarantined: {broken}. “scriptledger rebuild {script} --accept-differences” repairs what is "
            "derived from the log; if the log itself was changed, restore it from a backup.",
        ) from broken
    return Moved("/quarantine", {"reopened": script, "waits": int(waits)})
