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
# The readers of the copies. A thread of the parent that waits for an answer has the lock of its reader, and the child
# has no such thread: closing the reader, or collecting it, would wait forever.
_readers: list[Any] = []


def close_in_children(connection: Any) -> None:
    """Close the copies of a PyMySQL connection in processes that are forked later."""
    _close_after_forks()
    _opened.add(connection)


@cache
def _close_after_forks() -> None:
    os.register_at_fork(after_in_child=_close_copies)


def _close_copies() -> None:
    for connection in list(_opened):
        opened, reader = connection._sock, connection._rfile
        connection._sock = connection._rfile = None
        _readers.append(reader)
        if opened is not None and (number := opened.detach()) >= 0:
            os.close(number)
    _opened.clear()
