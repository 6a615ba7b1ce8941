"""The item runner of a worker process: works on items, keeps the legacy database open, and feeds the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from backfill.domains.base import BackfillContext
from backfill.mapping.model import PatchLayout
from backfill.runs.feeding import Feeder
from backfill.runs.item_worker import ItemWorker, Worked
from backfill.runs.run_context import run_context
from backfill.runs.run_options import load_options
from backfill.runs.throttle import Throttle
from materialization.clock import system_clock
from repos.backfill.runs import BackfillRunRow
from repos.legacy.connection import open_source
from repos.legacy.errors import SourceError
from repos.unit_of_work import UnitOfWork
from workers.messaging.backfill_messages import BackfillMessages

# A run whose source or broker is away would otherwise be tried as fast as messages arrive.
HELD_SECONDS = 1.0
# How often a process sends more items, unless the one it worked on is to be continued.
FEED_SECONDS = 2.0
# A process spends at most one part in so many on feeding.
FEED_SHARE = 20
# Of all workers of a run; with more, the schedule of each minute may have to start a domain.
MAX_PROCESSES = 64


class ItemRunner:
    """Works on the items that messages name."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        legacy_url: str,
        messages: BackfillMessages,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        throttle = Throttle(unit_of_work, messages.edits_waiting)
        self._contexts = OpenContext(unit_of_work, legacy_url)
        self._worker = ItemWorker(unit_of_work, self._contexts.of, throttle=throttle, only_sent=True)
        self._feeder = Feeder(unit_of_work, messages, throttle)
        self._sleep = sleep
        self._messages = messages
        self._feed_at = 0.0
        # Items that ended here since the last look at what was outstanding.
        self._ended = 0
        self._outstanding = 0

    def run(self, item_id: int, *, again: bool = False) -> Worked:
        """Work on one item, then send others if it is time to.

        With `again`, the broker delivered the message before, to a worker that may have ended with it.

        Raises:
            Conflict: the database is unavailable; the item is sent again later.
        """
        worked = self._worker.work(item_id, again=again)
        if worked.outcome == "held":
            self._contexts.close()
            self._sleep(HELD_SECONDS)
        begun = time.monotonic()
        if worked.outcome == "more" or begun >= self._feed_at or self._is_queue_empty():
            fed = self._feeder.feed()
            self._ended, self._outstanding = 0, 0 if fed is None else fed.outstanding
            # In a run of a million items, a turn of the feeder takes a moment.
            ended = time.monotonic()
            self._feed_at = ended + max(FEED_SECONDS, FEED_SHARE * (ended - begun))
        return worked

    def _is_queue_empty(self) -> bool:
        """Whether no message is left: then this may have been the last item of its domain, and no process would feed.

        The broker is asked only when all processes together may have done what was outstanding.
        """
        self._ended += 1
        if self._ended * MAX_PROCESSES < self._outstanding:
            return False
        waiting = self._messages.waiting()
        self._ended, self._outstanding = 0, waiting or 0
        return waiting == 0

    def close(self) -> None:
        """Close the legacy database."""
        self._contexts.close()


class OpenContext:
    """The context of the run that was worked on last, with its source open."""

    def __init__(self, unit_of_work: UnitOfWork, legacy_url: str) -> None:
        self._unit_of_work = unit_of_work
        self._legacy_url = legacy_url
        self._stack = ExitStack()
        self._run: tuple[int, str, int, dict[str, PatchLayout]] | None = None
        self._context: BackfillContext | None = None

    def of(self, run: BackfillRunRow) -> BackfillContext:
        """The context of a run.

        Raises:
            SourceError, OtherSource, MappingOutdated.
        """
        # What is remembered of the source, such as addresses that several users have, may be repaired before a retry.
        options = load_options(run.options)
        wanted = run.id, run.mapping, options.retries, options.patch_layouts
        if self._context is None or self._run != wanted:
            self.close()
            if not self._legacy_url:
                raise SourceError(
                    "source_not_configured", "The workers of the role backfill need SCRIPTLEDGER_LEGACY_URL."
                )
            source = self._stack.enter_context(open_source(self._legacy_url))
            self._context = run_context(run, source, self._unit_of_work, system_clock)
            self._run = wanted
        return self._context

    def close(self) -> None:
        """Close the source."""
        self._context = None
        self._stack.close()
