"""scriptledger.drain: answers the pending submissions of a script after its bell."""

from __future__ import annotations

from celery import Task

from repos.fault_points import fault_point
from workers.app import app, draining
from workers.draining.drain_runner import HARD_SECONDS, SOFT_SECONDS
from workers.process.task_names import DRAIN


# Not requeued: the bell of a drain that killed its process would kill the next one. The app rings another bell instead.
@app.task(
    name=DRAIN,
    bind=True,
    reject_on_worker_lost=False,
    soft_time_limit=SOFT_SECONDS,
    time_limit=HARD_SECONDS,
)
def drain(self: Task, script_id: int) -> dict[str, int]:
    """Answer the pending submissions of a script; return the count, for Flower."""
    fault_point("after bell received")
    return {"answered": draining().drain(self.request.id, script_id)}
