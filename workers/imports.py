"""Imports without the garbage collector, which would search what they make again and again: a fifth of a start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Import in the block. Afterwards the collector runs again, and leaves alone what is there by then.

    That stays until the process ends. Processes forked later share its memory, because no collection touches it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
