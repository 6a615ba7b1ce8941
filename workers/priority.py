"""Work that others need not wait for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import TypeVar

NICE = 10
"""How much less of a busy processor it gets: about a tenth of what anything else gets."""

T = TypeVar("T")


def behind_others(call: Callable[[], T]) -> T:
    """What a call returns, made where every other process that wants the processor goes first.

    In a thread of its own, always the same: the priority of a process cannot be raised again, that of a thread ends
    with it. Where threads have none (it is Linux's), the call is made all the same.
    """
    return _thread().submit(call).result()


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="behind-others", initializer=_step_back)


def _step_back() -> None:
    with suppress(OSError, AttributeError):
        mine = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, mine, os.getpriority(os.PRIO_PROCESS, mine) + NICE)
