"""Threads for work that waits for the database: the event loop never does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

# A request uses one connection; verification on reopening uses a second.
MAX_THREADS = 4
POOL_SIZE = 2 * MAX_THREADS
MAX_WAITING = 16

P = ParamSpec("P")
T = TypeVar("T")


class TooBusy(Exception):
    """Every thread waits for the database, and so do enough requests."""


class DatabaseThreads:
    """A bounded number of threads, and of calls that wait for one."""

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a call in a thread.

        Raises:
            TooBusy: too many calls wait.
        """
        if self._limiter is None:  # it belongs to the running event loop
            self._limiter = CapacityLimiter(MAX_THREADS)
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise TooBusy
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._limiter)
