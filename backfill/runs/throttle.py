"""The throttle of a backfill: when it stands back, and why. People's edits and the old application come first."""

from __future__ import annotations

import time
from collections.abc import Callable

from materialization.clock import system_clock
from repos.legacy.connection import Source
from repos.unit_of_work import UnitOfWork

# Submissions that have been pending for a moment, and bells, which say that the workers of people's edits are busy.
MAX_EDITS = 100
PENDING_MICROS = 2_000_000
# An answer of an idle database takes a millisecond.
SLOW_SECONDS = 1.0
# The longest pause between two slices, so that a stop or a pause is seen soon.
MAX_PAUSE_SECONDS = 5.0


class Throttle:
    """Says why nothing should be done now. `edits_waiting` is the number of bells; None if that is unknown."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        edits_waiting: Callable[[], int | None] = lambda: 0,
        *,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._edits_waiting = edits_waiting
        self._clock = clock

    def reason(self) -> str | None:
        """Why the ledger should be left alone now; None if it need not be."""
        now = self._clock()
        with self._unit_of_work.reading() as tx:
            # Times in the future are of a wrong clock.
            backlog = tx.inbox.waiting(before=now - PENDING_MICROS, after=1 << 62, limit=MAX_EDITS)
        if (pending := sum(script.waiting for script in backlog)) >= MAX_EDITS:
            return f"people's edits come first: {pending} are pending"
        bells = self._edits_waiting()
        if bells is None:
            return "the broker does not respond"
        return f"people's edits come first: {bells} bells are queued" if bells >= MAX_EDITS else None


def source_reason(source: Source) -> str | None:
    """Why the legacy database should be left alone now."""
    seconds = source.response_seconds()
    return None if seconds < SLOW_SECONDS else f"the legacy database is slow: {seconds:.1f} s for an empty query"


def rest(worked_seconds: float, share: int, sleep: Callable[[float], object] = time.sleep) -> None:
    """Pause after work, so that it takes `share` percent of the time."""
    if share < 100:
        sleep(min(worked_seconds * (100 - share) / share, MAX_PAUSE_SECONDS))
