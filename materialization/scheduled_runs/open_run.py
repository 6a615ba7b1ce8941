"""Opening of a materialization run: find the scripts that are due, record them, and hand them out one by one.

A script that an earlier run still works on is skipped, so no script is in two runs at once; unfinished scripts of
earlier runs are handed out again. Handing out twice is harmless: only one worker can claim a script.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from repos.database.driver_errors import DuplicateKey
from repos.scheduling.materialization_runs import Lag
from repos.unit_of_work import RecordsTransaction, UnitOfWork

# Scripts in one run. Those not materialized for longest come first, so none is left out forever.
MAX_DUE_SCRIPTS = 10_000
# Scripts that a run with a sample verifies by replay; successive samples cycle through all scripts.
SAMPLE = 5
# A script not edited for this long gets a keyframe at its head.
QUIET_MICROS = 10 * 60 * 1_000_000

# Hands out a script of a run to a free worker: run number, script id.
Send = Callable[[int, int], object]


class Opened(NamedTuple):
    """The opened run, None if nothing was due; its number of scripts; and how many others were handed out again."""

    run_id: int | None
    due: int
    again: int


def open_run(unit_of_work: UnitOfWork, slot_at: int, now: int, send: Send, *, sample: int = 0) -> Opened:
    """Open the run of a slot and hand out its scripts, `sample` of them to be verified; a slot has at most one run."""
    with unit_of_work.records() as tx:
        unfinished = tx.run_items.unfinished()
        lying = [item for item in unfinished if item.state == "due" or item.expires_at <= now]
        taken = {item.script_id for item in unfinished}
        behind = tx.outdated.read(quiet_before=now - QUIET_MICROS, limit=MAX_DUE_SCRIPTS + len(taken))
        due = {script.script_id for script in behind} - taken
        lag = tx.outdated.lag()
        checked, upto = _sample(tx, sample, taken)
    for item in lying:
        send(item.run_id, item.script_id)
    scripts = sorted({*due, *checked})
    if not scripts:
        return Opened(None, 0, len(lying))
    try:
        with unit_of_work.records() as tx:
            run_id = tx.runs.open(slot_at, now, len(scripts), Lag(lag.versions, lag.micros(now)), upto=upto)
            tx.run_items.add(run_id, [(script_id, script_id in checked) for script_id in scripts])
    except DuplicateKey:
        return Opened(None, 0, len(lying))
    for script_id in scripts:
        send(run_id, script_id)
    return Opened(run_id, len(scripts), len(lying))


def _sample(tx: RecordsTransaction, size: int, taken: set[int]) -> tuple[set[int], int]:
    """The next scripts to verify, after the last one of the previous run, and the last of them."""
    last = tx.runs.read(limit=1)
    upto = last[0].verified_upto if last else 0
    if not size:
        return set(), upto
    found = tx.outdated.following(upto, limit=size)
    return set(found) - taken, found[-1] if len(found) == size else 0
