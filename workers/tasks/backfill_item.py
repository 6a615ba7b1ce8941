"""scriptledger.backfill_item: works on one item of a backfill run for some seconds."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from celery import Task

from workers import bootstrap
from workers.app import app
from workers.messaging.backfill_messages import BackfillMessages
from workers.process.task_names import BACKFILL_ITEM

ITEM_RUNNER = "workers.backfill.item_runner"


# A slice takes ten seconds, or as long as one huge save; the claim of an item whose task was ended expires.
@app.task(name=BACKFILL_ITEM, bind=True, soft_time_limit=300, time_limit=330)
def backfill_item(self: Task, item_id: int) -> list[str]:
    """Bring rows of one item over; return how that ended, for Flower."""
    # A worker may have ended with a message that is delivered again.
    again = bool((self.request.delivery_info or {}).get("redelivered"))
    return list(_runner().run(item_id, again=again))


@cache
def _runner() -> Any:
    # One per process: it keeps the legacy database open. Workers of other roles do not load it.
    return import_module(ITEM_RUNNER).ItemRunner(
        bootstrap.unit_of_work(), bootstrap.settings().legacy_url, BackfillMessages(app)
    )
