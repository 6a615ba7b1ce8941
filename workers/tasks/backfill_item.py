"""scriptledger.backfill_item: works on one item of a backfill run for some seconds."""

from __future__ import annotations

from functools import cache

from workers import bootstrap
from workers.app import app
from workers.backfill.item_runner import ItemRunner
from workers.messaging.backfill_messages import BackfillMessages
from workers.process.task_names import BACKFILL_ITEM


# A slice takes ten seconds, or as long as one huge save; the claim of an item whose task was ended expires.
@app.task(name=BACKFILL_ITEM, soft_time_limit=300, time_limit=330)
def backfill_item(item_id: int) -> list[str]:
    """Bring rows of one item over; return how that ended, for Flower."""
    return list(_runner().run(item_id))


@cache
def _runner() -> ItemRunner:
    # One per process: it keeps the legacy database open.
    return ItemRunner(bootstrap.unit_of_work(), bootstrap.settings().legacy_url, BackfillMessages(app))
