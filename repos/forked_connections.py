"""Connections of a process that forks: a child closes its copies of the sockets, and the server learns nothing.

Otherwise a connection that the parent gave up, because an answer did not come in time, stays open as long as the child
lives: the server never ends its transaction, and nothing else gets its locks.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any
from weakref import WeakSet

_opened: WeakSet[Any] = WeakSet()


def close_in_children(connection: Any) -> None:
    """Close the copies of a PyMySQL connection in processes that are forked later."""
    _close_after_forks()
    _opened.add(connection)


@cache
def _close_after_forks() -> None:
    os.register_at_fork(after_in_child=_close_copies)


def _close_copies() -> None:
    for connection in list(_opened):
        connection._force_close()
    _opened.clear()
