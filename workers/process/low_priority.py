"""Work that others need not wait for."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from typing import Generic, TypeVar

NICE = 10
"""How much less of a busy processor it gets: about a tenth of what anything else gets."""

T = TypeVar("T")


def run(call: Callable[[], T]) -> T:
    """What a call returns, made where every other process that wants the processor goes first.

    In a thread of its own, always the same: the priority of a process cannot be raised again, that of a thread ends
    with it. Where threads have none (it is Linux's), the call is made all the same. What interrupts the wait for it (a
    time limit, a signal) is raised in the call, and passed on when that has ended.
    """
    work = _Interruptible(call)
    ended = _thread().submit(work)
    try:
        return ended.result()
    except BaseException as error:
        work.interrupt(type(error))
        wait([ended])
        raise


class _Interruptible(Generic[T]):
    """A call that another thread can end as a signal would, and nothing that its thread does before or after."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._thread: int | None = None

    def __call__(self) -> T:
        with self._lock:
            self._thread = threading.get_ident()
        try:
            return self._call()
        finally:
            with self._lock:
                self._thread = None

    def interrupt(self, error: type[BaseException]) -> None:
        """Raise an error in the call, where it has not ended."""
        with self._lock:
            if self._thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(error))


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="behind-others", initializer=_step_back)


def _step_back() -> None:
    with suppress(OSError, AttributeError):
        mine = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, mine, os.getpriority(os.PRIO_PROCESS, mine) + NICE)
