"""scriptledger.drain: somebody rang for a script."""

from __future__ import annotations

from celery import Task

from repos.fault_points import fault_point
from workers.app import app, draining
from workers.draining.drain_runner import HARD_SECONDS, SOFT_SECONDS
from workers.process.task_names import DRAIN


# Put back as it was, the bell of a drain that ended its process would end the next one: the app rings another instead.
@app.task(
    name=DRAIN,
    bind=True,
    reject_on_worker_lost=False,
    soft_time_limit=SOFT_SECONDS,
    time_limit=HARD_SECONDS,
)
def drain(self: Task, script_id: int) -> dict[str, int]:
    """Answer what waits for a script; how many answers, for Flower."""
    fault_point("after bell received")
    return {"answered": draining().drain(self.request.id, script_id)}
