"""A bound on the processor time of a call, for what must not hang: other processes do not count."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooSlowError(AssertionError):
    """It took more processor time than it may."""


@contextmanager
def cpu_limit(seconds: float, what: str) -> Iterator[None]:
    """Fail where the block takes longer; regular expressions look for signals, so a hang in one is ended too."""

    def end(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as the handler of a signal is called
        raise TooSlowError(f"{what} took more than {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
