"""scriptledger.drain: somebody rang for a script."""

from __future__ import annotations

from repos.phases import reached
from workers import bootstrap
from workers.app import app
from workers.bell import Bell


# Put back as it was, the bell of a drain that ended its process would end the next one: the app rings another instead.
@app.task(name="scriptledger.drain", reject_on_worker_lost=False)
def drain(script_id: int) -> None:
    """Answer what waits for a script."""
    reached("after bell received")
    if bootstrap.ledger().drain(script_id).more:
        Bell(app).ring(script_id)
