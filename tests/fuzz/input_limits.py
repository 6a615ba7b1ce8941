"""What one input may take: 2 s of the processor, 30 s by the clock, and a process of 512 MiB."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

CPU_SECONDS = 2.0
CLOCK_SECONDS = 30.0
MEMORY_BYTES = 512 << 20


class Hang(BaseException):
    """An input took longer than it may. No `except Exception` of the program takes it for something else."""


@contextmanager
def time_limits() -> Iterator[None]:
    """Raise `Hang` in the block when its time is up. The processor's time counts: others may want the machine too."""
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
    """Let this process grow to 512 MiB; beyond, what it allocates raises MemoryError. Only Linux counts for that."""
    if sys.platform != "linux":
        return
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no path of the project
        address_space, resident = (int(pages) * resource.getpagesize() for pages in file.read().split()[:2])
    room = max(0, MEMORY_BYTES - resident)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (address_space + room, hard))


def peak_bytes() -> int:
    """The most memory that this process ever had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10
