"""What others need not wait for gives way to them, and nothing else does."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from workers.priority import NICE, behind_others


def nice() -> int:
    """The niceness of this thread."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_it_gives_way_and_the_process_does_not():
    before = nice()

    assert [behind_others(nice), behind_others(nice)] == [min(before + NICE, 19)] * 2
    assert nice() == before


def test_what_is_raised_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        behind_others(lambda: 1 // 0)
