"""The schedules there are."""

from __future__ import annotations

from collections.abc import Mapping

from repos.unit_of_work import UnitOfWork
from workers.settings import Settings
from workers.timetable import SECOND, Schedule

HOUR = 3_600
DAY = 24 * HOUR


def schedules(unit_of_work: UnitOfWork, settings: Settings) -> list[Schedule]:
    """Every schedule of this installation."""

    def prune_rejected(slot: int) -> Mapping[str, int]:
        before = slot - settings.keep_rejected_days * DAY * SECOND
        with unit_of_work.records() as tx:
            return {"pruned": tx.rejected.prune(before=before)}

    return [Schedule("prune-rejected", every=DAY, lease=HOUR, missed="once", run=prune_rejected)]
