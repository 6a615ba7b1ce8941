"""scriptledger.drain_deep: more waits for a script than one drain answers."""

from __future__ import annotations

from repos.phases import reached
from workers import bootstrap
from workers.app import app, bell
from workers.bell import DRAIN_DEEP
from workers.priority import behind_others


@app.task(name="scriptledger.drain_deep", reject_on_worker_lost=False)  # as for drain
def drain_deep(script_id: int) -> dict[str, int]:
    """Answer one more batch of what waits for a script, by itself; how many answers, for Flower.

    A drain would take the bells of other scripts with this one, and they would wait for its long transaction.
    """
    reached("after bell received")
    done = behind_others(lambda: bootstrap.ledger().drain(script_id, rounds=1))
    if done.more:
        bell().ring(script_id, DRAIN_DEEP)
    return {"answered": done.answered}
