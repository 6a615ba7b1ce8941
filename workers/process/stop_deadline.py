"""Overdue: a worker that was asked to stop ends in time, whatever holds it up.

Celery stops its pool inside the handler of the signal. Where that interrupts the writing of a job to a pool process, it
waits for ever for the answer to a job that was never sent; seen in two of thirty stops on a busy machine. What is cut
off is done again: its row is in the inbox, its message was not acknowledged.
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

GRACE_SECONDS = 3.0
"""What a stop may take beyond the soft time-out; it takes one."""

log = structlog.get_logger(__name__)


class EndInTime:
    """SIGTERM's handler: the one that was there before, and an end to it."""

    def __init__(self, before: Callable[[int, FrameType | None], object], seconds: float) -> None:
        self._before = before
        self._seconds = seconds

    @classmethod
    def install(cls, seconds: float) -> None:
        """From now on SIGTERM ends this process within so many seconds; a worker in a thread has no say in it."""
        before = signal.getsignal(signal.SIGTERM)
        if threading.current_thread() is threading.main_thread() and callable(before) and not isinstance(before, cls):
            signal.signal(signal.SIGTERM, cls(before, seconds))

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Start the clock, then stop as ever."""
        clock = threading.Timer(self._seconds, self._end)
        clock.daemon = True
        clock.start()
        self._before(number, frame)

    def _end(self) -> None:
        log.warning("worker.overdue", seconds=self._seconds)
        for child in billiard.active_children():
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
        # It was asked to stop and leaves nothing undone that is not done again: a success.
        os._exit(0)
