"""The lease of a process that has the only workers of a run: once it has ended, no one works on the run."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress

from domain.errors import Conflict
from repos.backfill.runs import BackfillRunRow
from repos.scheduling.leases import HeldLease
from repos.unit_of_work import RecordsTransaction, UnitOfWork

PAGE = 1_000
SECOND = 1_000_000
# A process elsewhere that has not renewed its lease for so long is presumed to have ended.
LEASE_SECONDS = 120
RENEW_SECONDS = 30
# Of a name of a machine, in characters: a number follows it.
MAX_HOST = 100


class ProcessLease:
    """The lease of this process on a run."""

    def __init__(self, unit_of_work: UnitOfWork, run_id: int, clock: Callable[[], int]) -> None:
        self._unit_of_work = unit_of_work
        self._name = _lease_name(run_id)
        self._clock = clock
        self._renewed_at = 0

    def renew(self) -> None:
        """Renew it, if that was not done a moment ago; another process that is alive keeps it."""
        now = self._clock()
        if now - self._renewed_at < RENEW_SECONDS * SECOND:
            return
        with suppress(Conflict), self._unit_of_work.records() as tx:
            if (held := tx.leases.get(self._name)) is not None and not is_alive(held, now):
                tx.leases.remove(self._name)
            tx.leases.take(self._name, _this_process(), now=now, until=now + LEASE_SECONDS * SECOND)
            self._renewed_at = now

    def remove(self) -> None:
        """Give it up, because nothing is left to do, or because workers of their own do it."""
        with suppress(Conflict), self._unit_of_work.records() as tx:
            tx.leases.remove(self._name)


def ended_process(tx: RecordsTransaction, run: BackfillRunRow, now: int) -> str | None:
    """The process that had the only workers of a run which is not at its end, if that process has ended."""
    if run.state not in ("planning", "running"):
        return None
    held = tx.leases.get(_lease_name(run.id))
    if held is None or is_alive(held, now):
        return None
    if held.expires_at <= now and _has_workers(tx, run.id, held, now):
        return None
    return held.holder


def _has_workers(tx: RecordsTransaction, run_id: int, held: HeldLease, now: int) -> bool:
    """Whether workers of their own went on with a run: they have claimed items of it, or sent some after the lease."""
    return any(item.expires_at > now for item in tx.backfill_items.read(run_id, state="running", limit=PAGE)) or any(
        item.sent_at > held.expires_at for item in tx.backfill_items.read(run_id, state="sent", limit=PAGE)
    )


def is_alive(held: HeldLease, now: int) -> bool:
    """Whether the holder of a lease is a process of this machine that runs, or one elsewhere that has renewed it."""
    host, _, number = held.holder.rpartition(" ")
    if held.expires_at <= now:
        return False
    if host != _host():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True


def _lease_name(run_id: int) -> str:
    return f"backfill-run-{run_id}"


def _this_process() -> str:
    return f"{_host()} {os.getpid()}"


def _host() -> str:
    return socket.gethostname()[:MAX_HOST]
