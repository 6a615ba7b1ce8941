"""Handling of Ctrl-C, SIGTERM and SIGHUP, during imports and afterwards."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process without an exception: during an import, one may be swallowed or printed."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # and not ignored, as in the background of a shell script
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, usual)


def end_as_by_ctrl_c() -> None:
    """Let SIGTERM and a closed terminal end a command as Ctrl-C does, with every process it started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # and not ignored, as by nohup
            signal.signal(number, signal.default_int_handler)
