"""scriptledger.drain_deep: answers a script with more pending submissions than one drain takes."""

from __future__ import annotations

from celery import Task

from repos.fault_points import fault_point
from workers.app import app, draining
from workers.draining.drain_runner import HARD_SECONDS, SOFT_SECONDS
from workers.process.task_names import DRAIN_DEEP


@app.task(
    name=DRAIN_DEEP,
    bind=True,
    reject_on_worker_lost=False,  # as for drain
    soft_time_limit=SOFT_SECONDS,
    time_limit=HARD_SECONDS,
)
def drain_deep(self: Task, script_id: int) -> dict[str, int]:
    """Answer one more batch of a script's pending submissions, alone; return the count, for Flower.

    A normal drain would also take the bells of other scripts, which would wait for its long transaction.
    """
    fault_point("after bell received")
    return {"answered": draining().drain_deep(self.request.id, script_id)}
