"""scriptledger.drain_one_by_one: answers submissions that are still pending after a bell, one at a time."""

from __future__ import annotations

from celery import Task

from repos.fault_points import fault_point
from workers.app import app, draining, suspect_slots
from workers.draining.drain_runner import SUSPECT_HARD_SECONDS, SUSPECT_SOFT_SECONDS
from workers.process.task_names import DRAIN_ONE_BY_ONE


@app.task(
    name=DRAIN_ONE_BY_ONE,
    bind=True,
    reject_on_worker_lost=False,  # as for drain
    soft_time_limit=SUSPECT_SOFT_SECONDS,
    time_limit=SUSPECT_HARD_SECONDS,
)
def drain_one_by_one(self: Task, script_id: int) -> dict[str, int]:
    """Answer a script's pending submissions, each counted before it is tried; return the count, for Flower.

    After one batch, the rest is drained as usual: the submission that stopped a drain was in front.
    """
    fault_point("after bell received")
    return {"answered": draining().drain_one_by_one(self.request.id, script_id, suspect_slots())}
