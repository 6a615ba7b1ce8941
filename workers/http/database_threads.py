"""Threads for work that waits for the database: the event loop never does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, move_on_after, to_thread

# A request uses one connection; verification on reopening uses a second.
MAX_THREADS = 4
POOL_SIZE = 2 * MAX_THREADS
# How many calls wait for a thread, and for how long: with a database that hangs, none gets one soon.
MAX_WAITING = 200
MAX_WAIT_SECONDS = 5.0

P = ParamSpec("P")
T = TypeVar("T")


class TooBusy(Exception):
    """Every thread waits for the database, and so do enough requests, or this one did for long enough."""


class DatabaseThreads:
    """A bounded number of threads, and of calls that wait for one."""

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a call in a thread.

        Raises:
            TooBusy: too many calls wait, or no thread was free in time.
        """
        if self._limiter is None:  # it belongs to the running event loop
            self._limiter = CapacityLimiter(MAX_THREADS)
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise TooBusy
        borrower = object()
        with move_on_after(MAX_WAIT_SECONDS) as waiting:
            await self._limiter.acquire_on_behalf_of(borrower)
        if waiting.cancelled_caught:
            raise TooBusy
        try:
            return await to_thread.run_sync(partial(call, *args, **kwargs))
        finally:
            self._limiter.release_on_behalf_of(borrower)
