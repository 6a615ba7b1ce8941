"""Suspect slots: how many processes of a node may try suspects at a time, so that one is left for everybody else.

What hangs holds its process until its time is up, five times over. With as many of those as a node has processes no
other script would be answered meanwhile.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


class SuspectSlots:
    """Slots that the pool processes of a node share. A killed process gives its slot back: the lock is the kernel's."""

    def __init__(self, processes: int) -> None:
        self._count = max(1, processes - 1)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Hold a slot for the length of the block; whether there was one."""
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
