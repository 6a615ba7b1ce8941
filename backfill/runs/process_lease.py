"""The lease of a process that alone works on a run or scans for one: once it has ended, no one does."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from domain.errors import Conflict
from repos.backfill.runs import BackfillRunRow
from repos.scheduling.leases import HeldLease
from repos.unit_of_work import RecordsTransaction, UnitOfWork

PAGE = 1_000
SECOND = 1_000_000
# A process elsewhere that has not renewed its lease for so long is presumed to have ended.
LEASE_SECONDS = 120
RENEW_SECONDS = 30
# Of a name of a machine, in characters.
MAX_HOST = 80
_SCAN = "backfill-scan"


class ProcessLease:
    """The lease of this process on a run; without one, on the scan before the next run begins."""

    def __init__(self, unit_of_work: UnitOfWork, run_id: int | None, clock: Callable[[], int]) -> None:
        self._unit_of_work = unit_of_work
        self._name = _SCAN if run_id is None else _lease_name(run_id)
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
            tx.leases.take(self._name, this_process(), now=now, until=now + LEASE_SECONDS * SECOND)
            self._renewed_at = now

    def remove(self) -> None:
        """Give it up, because nothing is left to do, or because workers of their own do it."""
        with suppress(Conflict), self._unit_of_work.records() as tx:
            held = tx.leases.get(self._name)
            if held is not None and held.holder == this_process():
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
    return shown_name(held)


def scanning_process(tx: RecordsTransaction, now: int) -> str | None:
    """The process that scans a legacy database before it begins a run."""
    held = tx.leases.get(_SCAN)
    return shown_name(held) if held is not None and is_alive(held, now) else None


def is_alive(held: HeldLease, now: int) -> bool:
    """Whether the holder of a lease is a process of this machine that runs, or one elsewhere that has renewed it.

    A process of this machine may be too busy to renew it, as one that plans a large run.
    """
    is_valid = held.expires_at > now
    name = held.holder.split(" ")
    if len(name) != 4 or name[0] != _machine():
        return is_valid
    _, started, _, number = name
    running = _started(int(number))
    return running == started or (running == "" and is_valid)


def shown_name(held: HeldLease) -> str:
    """The machine and the number of the process that holds a lease."""
    name = held.holder.split(" ")
    return " ".join(name[2:]) if len(name) == 4 else held.holder


def this_process() -> str:
    """This process as leases name it: its machine, when it started, its host name and its number."""
    return f"{_machine()} {_started(os.getpid()) or 0} {socket.gethostname()[:MAX_HOST]} {os.getpid()}"


def _has_workers(tx: RecordsTransaction, run_id: int, held: HeldLease, now: int) -> bool:
    """Whether workers of their own went on with a run: they have claimed items of it, or sent some after the lease."""
    return any(item.expires_at > now for item in tx.backfill_items.read(run_id, state="running", limit=PAGE)) or any(
        item.sent_at > held.expires_at for item in tx.backfill_items.read(run_id, state="sent", limit=PAGE)
    )


def _lease_name(run_id: int) -> str:
    return f"backfill-run-{run_id}"


@cache
def _machine() -> str:
    """A digest that two containers do not share, although they may have one host name and one kernel.

    The numbers of processes are those of a namespace, which is one of a start of a kernel.
    """
    try:
        name = Path("/proc/sys/kernel/random/boot_id").read_text() + str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        name = f"{socket.gethostname()} {uuid.getnode()}"
    return sha256(name.encode()).hexdigest()[:12]


def _started(number: int) -> str | None:
    """When a process of this machine started, in the kernel's own unit; "" if that is unknown, None if it has ended.

    A number is given again to another process, in a restarted container nearly always.
    """
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    try:
        # The name, in brackets, may hold anything.
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
