"""Rare searches for garbage in cycles while rows come over.

A batch is a hundred thousand objects, none of them in a cycle, that live until its commit. At Python's own threshold of
a few hundred new objects they are searched again and again, for a third of the time that the rows take.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# So much garbage in cycles, at most, waits for the next search.
NEW_OBJECTS_PER_SEARCH = 200_000
_USUAL = gc.get_threshold()


@contextmanager
def rare_garbage_searches() -> Iterator[None]:
    """Search rarely in a block or a function; of several threads the first to end it ends it for all."""
    gc.set_threshold(NEW_OBJECTS_PER_SEARCH, *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
