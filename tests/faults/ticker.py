"""A ticker: the reconciler in a loop of its own, so that a test need not wait for the production schedule."""

from __future__ import annotations

import time

from celery import Celery

from domain.errors import Conflict
from repos.unit_of_work import UnitOfWork
from workers.messaging.bell import Bell
from workers.scheduling.reconciler import Reconciler


def tick(unit_of_work: UnitOfWork, app: Celery, *, every: float, patience: float) -> None:
    """Tick for ever, whatever becomes of a tick."""
    reconciler = Reconciler(unit_of_work, Bell(app), patience=patience)
    while True:
        try:
            told = reconciler.tick()
            if told.rang or told.reason:
                print(time.time(), told, flush=True)
        except Conflict as error:
            print(f"a tick met {error!r}", flush=True)
        time.sleep(every)
