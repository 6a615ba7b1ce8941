"""scriptledger.drain_one_by_one: what waits for a script has outlived a bell."""

from __future__ import annotations

from repos.phases import reached
from workers import bootstrap
from workers.app import app


@app.task(name="scriptledger.drain_one_by_one", reject_on_worker_lost=False)  # as for drain
def drain_one_by_one(script_id: int) -> dict[str, int]:
    """Answer what waits for a script, each submission counted before it is tried; how many answers, for Flower."""
    reached("after bell received")
    return {"answered": bootstrap.ledger().drain_one_by_one(script_id)}
