"""The app of a worker that knows kinds more whose `apply` ends, or outlasts, what it runs in: what poison can be.

They stand for everything that does so without meaning to: a crash in a C extension, more memory than there is, a bug.
POISON_SECONDS shortens the times of drains, so that what hangs is given up sooner.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time

# The kinds there are become a decoder when `domain.submission` is first imported, by the app below.
from domain.command import Command, command
from domain.delta import Delta
from domain.state import State


@command
class Poison(Command, frozen=True, tag="test.poison"):
    """Does what its `way` says to whoever applies it."""

    way: str

    def apply(self, state: State) -> Delta:  # noqa: ARG002
        WAYS[self.way]()
        return ()


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
    "interrupted": lambda: os.kill(os.getpid(), signal.SIGINT),
    "out of memory": hold_memory,
    "recursion": recurse,
    "bug": bug,
    "hangs": hang,
    "hangs in C": hang_deaf,
}

from workers import draining  # noqa: E402 - see above

if seconds := float(os.environ.get("POISON_SECONDS", "0")):
    draining.SOFT_SECONDS, draining.HARD_SECONDS = seconds, seconds + 1  # type: ignore[assignment]
    draining.SUSPECT_SOFT_SECONDS, draining.SUSPECT_HARD_SECONDS = seconds + 1, seconds + 2  # type: ignore[assignment]

from workers.app import app  # noqa: E402 - its tasks take the times as they are now

__all__ = ["WAYS", "Poison", "app"]
