"""Low-priority tests: a call yields to other processes, and its process keeps its priority."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from workers.process.low_priority import NICE, run


def nice() -> int:
    """The niceness of this thread."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_the_call_has_low_priority_and_the_process_does_not():
    before = nice()

    assert [run(nice), run(nice)] == [min(before + NICE, 19)] * 2
    assert nice() == before


def test_an_error_of_the_call_is_raised_to_the_caller():
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)


def test_an_interrupted_wait_ends_the_call_too():
    ended = threading.Event()

    def work() -> None:
        try:
            while True:
                time.sleep(0.01)
        finally:
            ended.set()

    def interrupt(_signal: int, _frame: object) -> None:
        raise SoftTimeLimitExceeded

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(SoftTimeLimitExceeded):
            run(work)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert ended.is_set()
    assert run(lambda: "as before") == "as before"
