"""Low-priority calls: a thread that yields the processor to all other processes."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from typing import Generic, TypeVar

# On a busy processor the thread gets about a tenth of the share of any other process.
NICE = 10

T = TypeVar("T")


def run(call: Callable[[], T]) -> T:
    """Run a call in a low-priority thread and return its result.

    All calls share one thread: the priority of a process cannot be raised again, that of a thread ends with it. Only
    Linux has priorities of threads; elsewhere the call runs at normal priority. An exception that interrupts the wait
    (a time limit, a signal) is raised in the call, and re-raised when the call has ended.
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
    """A call that another thread can interrupt like a signal, without affecting other work of its thread."""

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
        """Raise an error in the call, unless it has ended."""
        with self._lock:
            if self._thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(error))


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="low-priority", initializer=_lower_priority)


def _lower_priority() -> None:
    with suppress(OSError, AttributeError):
        mine = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, mine, os.getpriority(os.PRIO_PROCESS, mine) + NICE)
