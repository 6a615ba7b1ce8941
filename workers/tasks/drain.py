"""scriptledger.drain: somebody rang for a script."""

from __future__ import annotations

from repos.phases import reached
from workers import bootstrap
from workers.app import app, bell
from workers.bell import DRAIN_DEEP

OTHERS = 15
"""Bells that a drain answers beside its own: their scripts share its round trips and its commit."""


# Put back as it was, the bell of a drain that ended its process would end the next one: the app rings another instead.
@app.task(name="scriptledger.drain", reject_on_worker_lost=False)
def drain(script_id: int) -> dict[str, int]:
    """Answer what waits for a script; how many answers, for Flower."""
    reached("after bell received")
    done = bootstrap.ledger().drain_all([script_id, *bell().take(OTHERS)])
    for each in done.more:
        bell().ring(each, DRAIN_DEEP)
    if done.failed is not None:
        raise done.failed
    return {"answered": done.answered}
