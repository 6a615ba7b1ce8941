"""scriptledger.drain: somebody rang for a script."""

from __future__ import annotations

from workers import bootstrap
from workers.app import app
from workers.bell import Bell


@app.task(name="scriptledger.drain")
def drain(script_id: int) -> None:
    """Answer what waits for a script."""
    if bootstrap.ledger().drain(script_id).more:
        Bell(app).ring(script_id)
