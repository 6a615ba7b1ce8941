"""Suspect slots: a limit on how many processes of a node try suspects at a time, so that one is left for the rest.

A submission that hangs occupies its process until the time limit, five times. With as many of those as a node has
processes, no other script would be answered in the meantime.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


class SuspectSlots:
    """Slots shared by the pool processes of a node. A killed process frees its slot: it is a kernel lock."""

    def __init__(self, processes: int) -> None:
        self._count = max(1, processes - 1)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Hold a slot for the block; yields whether one was free."""
        for slot in range(self._count):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
            except OSError:
                continue
            try:
                yield True
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
            return
        yield False
