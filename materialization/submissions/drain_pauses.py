"""Drain pauses: while drains are paused, submissions stay in the inbox and no worker answers them.

The pause is a row in the database. Each process looks for it at most once a second, outside the transactions of its
drains, and ends the drain it is in. While it is there, a process looks before each drain: bells that the end of the
pause rings are not dropped.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import structlog

from domain.errors import Conflict
from materialization.clock import system_clock
from materialization.retry import with_retries
from repos.database.driver_errors import DriverError, is_outage
from repos.scheduling.drain_pauses import DrainPause
from repos.unit_of_work import UnitOfWork

LOOK_SECONDS = 1.0
SCRIPTS_PER_PAGE = 1_000

log = structlog.get_logger(__name__)


class DrainsPaused(Conflict):
    """Drains are paused: nothing was written; submit it again once they run."""


def described(pause: DrainPause) -> str:
    """A pause as part of a sentence: since when, by whom and why."""
    since = datetime.fromtimestamp(pause.paused_at / 1_000_000, UTC)
    return f"paused since {since:%Y-%m-%d %H:%M:%S} UTC by {pause.paused_by}" + (
        f" ({pause.reason})" if pause.reason else ""
    )


def pause_drains(
    unit_of_work: UnitOfWork, by: str, reason: str, *, clock: Callable[[], int] = system_clock
) -> tuple[DrainPause, bool]:
    """Pause drains; returns the active pause, and whether this call began it."""
    return with_retries(partial(_begin, unit_of_work, by, reason, clock))


def resume_drains(
    unit_of_work: UnitOfWork, by: str, *, clock: Callable[[], int] = system_clock
) -> tuple[DrainPause | None, bool]:
    """Let drains run again; returns the last pause, and whether this call ended it. Ring for what is pending then."""
    return with_retries(partial(_end, unit_of_work, by, clock))


def pending_scripts(unit_of_work: UnitOfWork) -> Iterator[list[int]]:
    """The scripts with pending submissions, in pages, by id."""
    after = -(1 << 63)
    while True:
        with unit_of_work.reading() as tx:
            page = tx.inbox.scripts(after=after, limit=SCRIPTS_PER_PAGE)
        if not page:
            return
        yield page
        after = page[-1]


class PauseWatch:
    """The pause as one process knows it: its beginning is seen within a second, its end at once. Both are logged.

    The processes that are forked from its owner share what was logged. While the database does not answer, the last
    known pause counts: a drain meets the same outage by itself.
    """

    def __init__(self, unit_of_work: Callable[[], UnitOfWork], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._logged = mmap.mmap(-1, mmap.PAGESIZE)
        self._looked_at = float("-inf")
        self._pause: DrainPause | None = None
        self._refused = False
        self._is_known = True

    def pause(self) -> DrainPause | None:
        """The active pause; None while drains run."""
        now = self._clock()
        if (self._pause is not None and self._is_known) or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._look()
        return self._pause

    def require_running(self) -> None:
        """Require that drains are not paused.

        Raises:
            DrainsPaused: they are; the message says since when, by whom and why.
        """
        pause = self.pause()
        if pause is not None:
            raise DrainsPaused(f"drains are {described(pause)}; `scriptledger drains resume` lets them run again")

    def _look(self) -> None:
        try:
            with self._unit_of_work().reading() as tx:
                self._pause = tx.drain_pauses.current()
            self._is_known = True
        except (Conflict, *DriverError) as error:
            self._is_known = False
            if isinstance(error, DriverError) and not is_outage(error) and not self._refused:
                self._refused = True
                log.warning("drains.pause_not_read", problem=type(error).__name__)
            return
        paused = self._pause is not None
        if bool(self._logged[0]) == paused:
            return
        self._logged[0] = int(paused)
        if self._pause is not None:
            log.warning("drains.paused", since=self._pause.paused_at, by=self._pause.paused_by)
        else:
            log.warning("drains.resumed")


def _begin(unit_of_work: UnitOfWork, by: str, reason: str, clock: Callable[[], int]) -> tuple[DrainPause, bool]:
    with unit_of_work.records() as tx:
        current = tx.drain_pauses.current()
        if current is not None:
            return current, False
        if not tx.drain_pauses.begin(by, reason, clock()):
            raise Conflict("another command paused drains at the same moment")
        current = tx.drain_pauses.current()
    assert current is not None  # noqa: S101 - begun in this transaction
    return current, True


def _end(unit_of_work: UnitOfWork, by: str, clock: Callable[[], int]) -> tuple[DrainPause | None, bool]:
    with unit_of_work.records() as tx:
        ended = tx.drain_pauses.end(by, clock())
        latest = tx.drain_pauses.read(limit=1)
    return (latest[0] if latest else None), ended
