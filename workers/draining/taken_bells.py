"""Taken bells: a shared table of the scripts that each running drain works for, readable by the main process.

A drain also answers the bells of other scripts. When its process is killed, no other process knows which they were, and
they would wait for the reconciler.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from uuid import UUID

SLOTS = 1_024
MAX_SCRIPTS = 16
_SLOT = struct.Struct(f"<16s{MAX_SCRIPTS}q")


class TakenBells:
    """Memory that a main process shares with its forked pool processes, one slot for each running task.

    Two tasks may share a slot, which is harmless: the scripts of the first are then unknown.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, SLOTS * _SLOT.size)

    def hold(self, task_id: str, scripts: Sequence[int]) -> None:
        """Record the scripts of a task before it begins."""
        if (name := _bytes_of(task_id)) is not None:
            held = [*scripts[:MAX_SCRIPTS], *[0] * (MAX_SCRIPTS - len(scripts))]
            _SLOT.pack_into(self._memory, _place(name), name, *held)

    def of(self, task_id: str) -> list[int]:
        """The scripts of a task; empty where they are unknown."""
        name = _bytes_of(task_id)
        if name is None:
            return []
        held, *scripts = _SLOT.unpack_from(self._memory, _place(name))
        return [script for script in scripts if script] if held == name else []


def _bytes_of(task_id: str) -> bytes | None:
    try:
        return UUID(task_id).bytes
    except ValueError:
        return None  # a message of another producer


def _place(name: bytes) -> int:
    return int.from_bytes(name[:4], "little") % SLOTS * _SLOT.size
