"""The schedule that feeds a backfill: it sends the items whose messages were lost."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from repos.unit_of_work import UnitOfWork
from workers.messaging.backfill_messages import BackfillMessages
from workers.scheduling.slot_runner import Schedule

MINUTE = 60


def feeding_schedule(unit_of_work: UnitOfWork, messages: BackfillMessages) -> Schedule:
    """A schedule that feeds the active run, if any."""

    def feed(slot: int) -> dict[str, int]:  # noqa: ARG001 - every slot sends what is due now
        with unit_of_work.reading() as tx:
            run = tx.backfill_runs.active()
        fed = None if run is None else _feeder(unit_of_work, messages).feed()
        return {} if fed is None else {"run": fed.run.id, "sent": fed.sent}

    return Schedule("feed-backfill", every=MINUTE, lease=MINUTE, missed="once", run=feed)


def _feeder(unit_of_work: UnitOfWork, messages: BackfillMessages) -> Any:
    # Loaded here: a third of what a worker imports is for backfills, and most workers never see one.
    feeding = import_module("backfill.runs.feeding")
    throttle = import_module("backfill.runs.throttle").Throttle(unit_of_work, messages.edits_waiting)
    return feeding.Feeder(unit_of_work, messages, throttle)
