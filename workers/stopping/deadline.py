"""The stop deadline: after SIGTERM a worker exits in time, whatever blocks it.

Celery stops its pool inside the signal handler. If the signal interrupts the writing of a job to a pool process, Celery
waits forever for the result of a job that was never sent; seen in two of thirty stops on a busy machine. Interrupted
work is repeated: its row is in the inbox, or its message is unacknowledged.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import billiard
import structlog

from workers.stopping.orderly_stop import Wake, kill

# A stop may take this long beyond the soft timeout: Celery's own end of a prefork pool takes 1.5 s.
GRACE_SECONDS = 1.8

log = structlog.get_logger(__name__)


class EndInTime:
    """A SIGTERM handler that stops the worker from its event loop, or else at once, and enforces a deadline."""

    def __init__(self, before: Callable[[int, FrameType | None], object], seconds: float, wake: Wake) -> None:
        self._before = before
        self._seconds = seconds
        self._wake = wake
        self._is_stopping = False

    @classmethod
    def install(cls, seconds: float, wake: Wake) -> None:
        """Make SIGTERM end this process within `seconds`; does nothing outside the main thread."""
        before = signal.getsignal(signal.SIGTERM)
        if threading.current_thread() is threading.main_thread() and callable(before) and not isinstance(before, cls):
            signal.signal(signal.SIGTERM, cls(before, seconds, wake))

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Start the timer, then the orderly stop; the previous handler ends it, at once if no loop runs."""
        if not self._is_stopping:
            self._is_stopping = True
            clock = threading.Timer(self._seconds, self._end)
            clock.daemon = True
            clock.start()
            if self._wake.send(lambda: self._before(number, None)):
                return
        self._before(number, frame)

    def _end(self) -> None:
        log.warning("worker.overdue", seconds=self._seconds)
        kill(billiard.active_children())
        with suppress(Exception):
            self._wake.rescue()
        # Status 0: the stop was requested, and interrupted work is repeated elsewhere.
        os._exit(0)
