"""The reconciler: rings again for submissions that stay pending, because a bell may be lost and a row may not.

Only one runs at a time, by a lease with a fencing number: a reconciler that lost the lease rings nothing. It records
how often it rang for each script, backs off, and stops ringing while bells pile up.
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
from materialization.submissions.drain_pauses import PauseWatch
from repos.scheduling.bell_rings import RingHistory
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.messaging.bell import Bell
from workers.process import outages
from workers.process.task_names import DRAIN, DRAIN_ONE_BY_ONE

LEASE = "reconciler"
LEASE_SECONDS = 15.0
# A submission pending for this long has probably lost its bell.
RING_AGAIN_AFTER_SECONDS = 3.0
# The largest interval between bells for a script, in multiples of RING_AGAIN_AFTER_SECONDS: a minute.
MAX_RING_BACKOFF = 20
MAX_SCRIPTS_PER_TICK = 500
# With this many bells in the queue, another would only wait after them.
DEEP_QUEUE = 1_000

log = structlog.get_logger(__name__)


class Tick(NamedTuple):
    """The result of a tick: for how many scripts it rang, and the reason if it stopped early."""

    rang: int
    reason: str = ""


class Reconciler:
    """Scans the inbox and rings. Times are in seconds; `clock` returns microseconds since 1970 UTC."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        bell: Bell,
        *,
        ring_again_after: float = RING_AGAIN_AFTER_SECONDS,
        clock: Callable[[], int] = system_clock,
        pauses: PauseWatch | None = None,
    ) -> None:
        self._pauses = pauses
        self._unit_of_work = unit_of_work
        self._bell = bell
        self._ring_again_after = int(ring_again_after * 1_000_000)
        self._clock = clock
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"[:120]

    def tick(self) -> Tick:
        """Ring for submissions that have been pending too long.

        Raises:
            Conflict: the database is unavailable; the next tick finds the same submissions.
        """
        if self._pauses is not None and self._pauses.pause() is not None:
            return Tick(0, "drains are paused")  # a bell that no drain answers must not count
        ticked = with_retries(self._tick)
        outages.database().answered()
        return ticked

    def _tick(self) -> Tick:
        fence = self._take_lease()
        if fence is None:
            return Tick(0, "another reconciler holds the lease")
        queued = self._bell.waiting()
        if queued is None:
            return Tick(0, "the broker does not answer")  # a bell that was not sent must not count
        if queued >= DEEP_QUEUE:
            return Tick(0, f"{queued} bells wait already")
        with self._unit_of_work.records() as tx:
            if not tx.leases.still_holds(LEASE, fence):
                return Tick(0, "the lease was lost")
            due = self._due(tx)
            tx.bells.forget_answered()
        for number, history in enumerate(due):
            if not self._bell.ring(history.script_id, DRAIN if history.rings == 1 else DRAIN_ONE_BY_ONE):
                self._take_back(due[number:])
                return Tick(number, "the broker takes no bells")
        if due:
            log.info("reconciler.rang", scripts=len(due))
        return Tick(len(due))

    def _take_back(self, unsent: list[RingHistory]) -> None:
        """Record that bells the broker did not take are still due; each tick tries one until the broker responds."""
        with self._unit_of_work.records() as tx:
            for history in unsent:
                tx.bells.put(history._replace(rings=history.rings - 1, rung_at=0))

    def _take_lease(self) -> int | None:
        now = self._clock()
        with self._unit_of_work.records() as tx:
            return tx.leases.take(LEASE, self._holder, now=now, until=now + int(LEASE_SECONDS * 1_000_000))

    def _due(self, tx: RecordsTransaction) -> list[RingHistory]:
        """The scripts to ring for now, recorded in the same transaction."""
        now = self._clock()
        due = []
        pause = self._ring_again_after
        for script in tx.inbox.waiting(before=now - pause, after=now + pause, limit=MAX_SCRIPTS_PER_TICK):
            history = tx.bells.get(script.script_id)
            if history.rung_at > now:
                # Recorded by a clock that was ahead.
                history = RingHistory(script.script_id, 0, 0, 0)
            if history.arrival != script.first:
                # The count belongs to submissions that are answered by now: a worker is making progress.
                history = history._replace(rings=0)
            if now - history.rung_at < min(pause << min(history.rings, 16), pause * MAX_RING_BACKOFF):
                continue
            history = RingHistory(script.script_id, history.rings + 1, now, script.first)
            tx.bells.put(history)
            due.append(history)
        return due
