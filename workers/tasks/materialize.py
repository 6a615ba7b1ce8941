"""scriptledger.materialize: one script of a materialization run."""

from __future__ import annotations

from materialization.scheduled_runs.materialize_script import Materializer
from workers import bootstrap
from workers.app import app, bell
from workers.process.task_names import MATERIALIZE


# A whole history may be replayed; the claim on the script lasts longer than this.
@app.task(name=MATERIALIZE, soft_time_limit=900, time_limit=960)
def materialize(run_id: int, script_id: int) -> str | None:
    """Bring one script's projections to its head, and what else its run asks for; what came of it, for Flower."""
    return Materializer(bootstrap.unit_of_work(), ring=bell().ring).materialize(run_id, script_id)
