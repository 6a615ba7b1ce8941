"""A run in this process, without a broker; and the scratch ledger of a dry run."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from backfill.domains.base import BackfillContext
from backfill.runs.feeding import Fed, Feeder
from backfill.runs.item_worker import PASSING, ItemWorker
from backfill.runs.process_lease import ProcessLease
from backfill.runs.throttle import Throttle
from materialization.clock import system_clock
from repos.database.engine import open_engine
from repos.legacy.errors import SourceError
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork

# How long to wait where nothing can be done at the moment.
HELD_SECONDS = 0.2


class _ItemsHere:
    """Items that this process is going to work on."""

    def __init__(self) -> None:
        self.items: deque[int] = deque()

    def send_all(self, items: Sequence[int]) -> bool:
        """Take items."""
        self.items.extend(items)
        return True

    def waiting(self) -> int:
        """How many are left."""
        return len(self.items)


def run_here(
    context: BackfillContext,
    progress: Callable[[Fed], object],
    *,
    clock: Callable[[], int] = system_clock,
    worker: ItemWorker | None = None,
) -> Fed:
    """Work on the items of a run until none can move any more, or the run is paused or cancelled elsewhere.

    Raises:
        SourceError: the source was lost; run it again.
    """
    lease = ProcessLease(context.unit_of_work, context.run_id, clock)
    fed = _run(context, progress, clock, worker, lease)
    # Not after an error: the lease says whose run it was.
    lease.remove()
    return fed


def _run(
    context: BackfillContext,
    progress: Callable[[Fed], object],
    clock: Callable[[], int],
    worker: ItemWorker | None,
    lease: ProcessLease,
) -> Fed:
    unit_of_work = context.unit_of_work
    here = _ItemsHere()
    throttle = Throttle(unit_of_work, clock=clock)
    # What was sent before and is not here is lost: it was sent to a process that ended.
    feeder = Feeder(unit_of_work, here, throttle, lost_after=0, clock=clock)
    worker = worker or ItemWorker(unit_of_work, lambda _run: context, clock=clock)
    while True:
        lease.renew()
        fed = feeder.feed(context.run_id)
        assert fed is not None  # noqa: S101 - runs are never removed
        progress(fed)
        if fed.ended or fed.run.state != "running":
            return fed
        if not here.items:
            time.sleep(HELD_SECONDS)  # it is held, or other workers have the rest
        while here.items:
            item = here.items.popleft()
            worked = worker.work(item)
            lease.renew()
            if worked.outcome == "held":
                _raise_if_lost(context, worked.reason)
                time.sleep(HELD_SECONDS)
                break
            if worked.outcome == "more":
                here.items.appendleft(item)
            if len(here.items) % 100 == 0:
                progress(fed)


@contextmanager
def scratch_ledger() -> Iterator[UnitOfWork]:
    """An empty ledger in a private folder, which is removed after the block."""
    with (
        tempfile.TemporaryDirectory(prefix="scriptledger-") as folder,
        open_engine(f"sqlite:///{Path(folder, 'ledger.db')}") as engine,
    ):
        upgrade(engine)
        yield UnitOfWork(engine)


def _raise_if_lost(context: BackfillContext, reason: str) -> None:
    """Ask the source again; its own error says what is wrong."""
    try:
        context.source.response_seconds()
    except SourceError as error:
        if error.code in PASSING:
            raise
        raise SourceError(error.code, reason) from None
