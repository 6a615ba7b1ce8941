"""Limits of one input: 2 s of CPU time, 30 s of wall time, and 512 MiB for the process."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

CPU_SECONDS = 2.0
CLOCK_SECONDS = 30.0
MEMORY_BYTES = 512 << 20


class Hang(BaseException):
    """An input exceeded a time limit. Not an `Exception`, so that the program does not catch it."""


@contextmanager
def time_limits() -> Iterator[None]:
    """Raise `Hang` in the block when its time is up. CPU time counts, because the machine may be busy."""
    usual = [signal.signal(number, _ring) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, CLOCK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip((signal.SIGPROF, signal.SIGALRM), usual, strict=True):
            signal.signal(number, handler)


def _ring(number: int, _frame: FrameType | None) -> None:
    limit = f"{CPU_SECONDS} s of the processor" if number == signal.SIGPROF else f"{CLOCK_SECONDS} s by the clock"
    raise Hang(f"more than {limit}")


def limit_memory() -> None:
    """Limit this process to 512 MiB, beyond which allocations raise MemoryError. Effective only on Linux."""
    if sys.platform != "linux":
        return
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - not a path of the project
        address_space, resident = (int(pages) * resource.getpagesize() for pages in file.read().split()[:2])
    room = max(0, MEMORY_BYTES - resident)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (address_space + room, hard))


def peak_bytes() -> int:
    """The peak memory of this program. On Linux `ru_maxrss` keeps the peak of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10
