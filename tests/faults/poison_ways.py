"""The ways in which a poisonous command ends, or outlasts, the process that applies it."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time


def recurse() -> None:
    recurse()


def hold_memory() -> None:
    bytearray(1 << 60)


def hang() -> None:
    while True:
        time.sleep(0.05)


def hang_deaf() -> None:
    """In C, without a look for signals."""
    sum(itertools.repeat(0))


def bug() -> None:
    raise ZeroDivisionError


WAYS = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "crashed": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "exited": lambda: os._exit(3),
    "left": lambda: sys.exit(3),
    "out of memory": hold_memory,
    "recursion": recurse,
    "bug": bug,
    "hangs": hang,
    "hangs in C": hang_deaf,
}
