"""scriptledger.reconcile: a tick of the reconciler."""

from __future__ import annotations

from workers import bootstrap
from workers.app import app
from workers.bell import Bell
from workers.reconciler import Reconciler


@app.task(name="scriptledger.reconcile")
def reconcile() -> None:
    """Ring again for what nobody has taken."""
    Reconciler(bootstrap.unit_of_work(), Bell(app)).tick()
