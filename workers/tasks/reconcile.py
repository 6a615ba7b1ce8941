"""scriptledger.reconcile: a tick of the reconciler."""

from __future__ import annotations

from functools import cache

from workers import bootstrap
from workers.app import app, bell
from workers.process.task_names import RECONCILE
from workers.scheduling.reconciler import Reconciler


# Without events: 43,000 ticks a day would crowd out everything else in Flower.
@app.task(name=RECONCILE, send_events=False)
def reconcile() -> None:
    """Ring again for submissions that stay pending."""
    _reconciler().tick()


@cache
def _reconciler() -> Reconciler:
    # One per process, because it holds the lease: a new one would have to wait until that expires.
    return Reconciler(bootstrap.unit_of_work(), bell(), pauses=bootstrap.pauses())
