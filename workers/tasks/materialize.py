"""scriptledger.materialize: one script of a materialization run."""

from __future__ import annotations

from materialization.scheduled_runs.materialize_script import Materializer
from workers import bootstrap
from workers.app import app, bell
from workers.process.task_names import MATERIALIZE


# A task may replay a whole history, and renews its claim on the script while it does.
@app.task(name=MATERIALIZE, soft_time_limit=900, time_limit=960)
def materialize(run_id: int, script_id: int) -> str | None:
    """Bring one script's projections to its head, with the further work of its run; return the outcome, for Flower."""
    return Materializer(bootstrap.unit_of_work(), ring=bell().ring).materialize(run_id, script_id)
