"""Bells in hand: for which scripts each running drain has taken bells, where the main process can read it.

A drain answers the bells of other scripts beside its own. When its process is killed nobody else knows which they were,
and they would wait for the reconciler.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from uuid import UUID

SLOTS = 1_024
MAX_SCRIPTS = 16
_SLOT = struct.Struct(f"<16s{MAX_SCRIPTS}q")


class BellsInHand:
    """Memory that a main process shares with the pool processes it forks, a slot for each task that runs.

    Two tasks in one slot are possible and harmless: of the one that was there first nothing is known.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, SLOTS * _SLOT.size)

    def hold(self, task_id: str, scripts: Sequence[int]) -> None:
        """Note for which scripts a task works, before it begins."""
        if (name := _bytes_of(task_id)) is not None:
            held = [*scripts[:MAX_SCRIPTS], *[0] * (MAX_SCRIPTS - len(scripts))]
            _SLOT.pack_into(self._memory, _place(name), name, *held)

    def of(self, task_id: str) -> list[int]:
        """The scripts that a task worked for; none where that is not known."""
        name = _bytes_of(task_id)
        if name is None:
            return []
        held, *scripts = _SLOT.unpack_from(self._memory, _place(name))
        return [script for script in scripts if script] if held == name else []


def _bytes_of(task_id: str) -> bytes | None:
    try:
        return UUID(task_id).bytes
    except ValueError:
        return None  # the message of another producer


def _place(name: bytes) -> int:
    return int.from_bytes(name[:4], "little") % SLOTS * _SLOT.size
