"""scriptledger.drain_one_by_one: what waits for a script has outlived a bell."""

from __future__ import annotations

from repos.phases import reached
from workers import bootstrap
from workers.app import app, bell
from workers.bell import DRAIN_DEEP


@app.task(name="scriptledger.drain_one_by_one", reject_on_worker_lost=False)  # as for drain
def drain_one_by_one(script_id: int) -> dict[str, int]:
    """Answer what waits for a script, each submission counted before it is tried; how many answers, for Flower.

    Behind one batch of it the rest is drained as usual: what ended a bell was in front.
    """
    reached("after bell received")
    done = bootstrap.ledger().drain_one_by_one(script_id)
    if done.more:
        bell().ring(script_id, DRAIN_DEEP)
    return {"answered": done.answered}
