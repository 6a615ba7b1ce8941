"""A ticker: the reconciler in a loop of its own, so that a test need not wait for the production schedule."""

from __future__ import annotations

import time

from celery import Celery

from domain.errors import Conflict
from repos.unit_of_work import UnitOfWork
from workers.messaging.bell import Bell
from workers.scheduling.reconciler import Reconciler


def tick(unit_of_work: UnitOfWork, app: Celery, *, every: float, ring_again_after: float) -> None:
    """Tick for ever, whatever becomes of a tick."""
    reconciler = Reconciler(unit_of_work, Bell(app), ring_again_after=ring_again_after)
    while True:
        try:
            tick_result = reconciler.tick()
            if tick_result.rang or tick_result.reason:
                print(time.time(), tick_result, flush=True)
        except Conflict as error:
            print(f"a tick met {error!r}", flush=True)
        time.sleep(every)
