"""The app of a worker whose jobs stop where their instruction says, the first time, and wait there to be killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from repos import fault_points
from repos.proposals.proposals import ProposalRow
from workers.app import app
from workers.proposals.draft_job import ProposalJob, Written

__all__ = ["STOPS", "app", "has_stopped"]

STOPS = {"answered": None, "before commit": "before commit sent", "after commit": "after commit answered"}
"""Where a job stops once its model has answered: before it writes that down, or at a boundary of the commit."""

_finish = ProposalJob._finish


def has_stopped(folder: Path, place: str) -> bool:
    """Whether a job has come to a place, and stopped."""
    return (folder / f"stopped {place}").exists()


def finish(job: ProposalJob, taken: ProposalRow, written: Written) -> bool:
    place = taken.instruction.partition(" ")[2]
    boundary = STOPS.get(place)
    if place in STOPS and boundary is None:
        _stop_once(place)
    fault_points.listener = None if boundary is None else lambda reached: reached == boundary and _stop_once(place)
    return _finish(job, taken, written)


def _stop_once(place: str) -> None:
    try:
        (Path(os.environ["TMPDIR"]) / f"stopped {place}").touch(exist_ok=False)
    except FileExistsError:
        return
    while True:
        time.sleep(60)


ProposalJob._finish = finish  # type: ignore[method-assign]
