"""The reconciler: rings again for submissions nobody has taken, because a bell may be lost and a row may not.

One at a time, by a lease with a fencing number: whoever lost it, and does not know yet, rings nothing. It remembers
for which script it rang and how often, rings ever more rarely, and not at all while bells pile up.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from typing import NamedTuple

import structlog

from materialization.clock import system_clock
from materialization.retry import with_retries
from repos.scheduling.bell_rings import RingHistory as Rung
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.messaging.bell import Bell
from workers.process.task_names import DRAIN, DRAIN_ONE_BY_ONE

LEASE = "reconciler"
LEASE_SECONDS = 15.0
RING_AGAIN_AFTER_SECONDS = 3.0
"""A submission that waited this long has probably lost its bell."""
MAX_RING_BACKOFF = 20
"""Times its patience it leaves a script alone at most: a minute."""
MAX_SCRIPTS_PER_TICK = 500
DEEP_QUEUE = 1_000
"""With this many bells waiting, one more would only queue behind them."""

log = structlog.get_logger(__name__)


class Tick(NamedTuple):
    """What a tick did: for how many scripts it rang, and why for none if so."""

    rang: int
    reason: str = ""


class Reconciler:
    """Looks through the inbox and rings. Times are seconds; `clock` gives microseconds since 1970 UTC."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        bell: Bell,
        *,
        patience: float = RING_AGAIN_AFTER_SECONDS,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._bell = bell
        self._patience = int(patience * 1_000_000)
        self._clock = clock
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"[:120]

    def tick(self) -> Tick:
        """Ring for what waited too long.

        Raises:
            Conflict: the database is away; the next tick finds the same submissions.
        """
        return with_retries(self._tick)

    def _tick(self) -> Tick:
        fence = self._take_lease()
        if fence is None:
            return Tick(0, "another reconciler holds the lease")
        waiting = self._bell.waiting()
        if waiting is None:
            return Tick(0, "the broker does not answer")  # and what nobody heard must not count as a ring
        if waiting >= DEEP_QUEUE:
            return Tick(0, f"{waiting} bells wait already")
        with self._unit_of_work.records() as tx:
            if not tx.leases.still_holds(LEASE, fence):
                return Tick(0, "the lease was lost")
            due = self._due(tx)
            tx.bells.forget_answered()
        for number, rung in enumerate(due):
            if not self._bell.ring(rung.script_id, DRAIN if rung.rings == 1 else DRAIN_ONE_BY_ONE):
                self._take_back(due[number:])
                return Tick(number, "the broker takes no bells")
        if due:
            log.info("reconciler.rang", scripts=len(due))
        return Tick(len(due))

    def _take_back(self, unheard: list[Rung]) -> None:
        """Remember of bells that the broker did not take that they are still due: one of them is tried a tick."""
        with self._unit_of_work.records() as tx:
            for rung in unheard:
                tx.bells.put(rung._replace(rings=rung.rings - 1, rung_at=0))

    def _take_lease(self) -> int | None:
        now = self._clock()
        with self._unit_of_work.records() as tx:
            return tx.leases.take(LEASE, self._holder, now=now, until=now + int(LEASE_SECONDS * 1_000_000))

    def _due(self, tx: RecordsTransaction) -> list[Rung]:
        """The scripts to ring for now, remembered in the same transaction."""
        now = self._clock()
        due = []
        patience = self._patience
        for script in tx.inbox.waiting(before=now - patience, after=now + patience, limit=MAX_SCRIPTS_PER_TICK):
            rung = tx.bells.get(script.script_id)
            if rung.rung_at > now:
                # Remembered by a clock that was ahead.
                rung = Rung(script.script_id, 0, 0, 0)
            if rung.arrival != script.first:
                # Of others, which are answered: somebody gets on with it, or did until a moment ago.
                rung = rung._replace(rings=0)
            if now - rung.rung_at < min(patience << min(rung.rings, 16), patience * MAX_RING_BACKOFF):
                continue
            rung = Rung(script.script_id, rung.rings + 1, now, script.first)
            tx.bells.put(rung)
            due.append(rung)
        return due
