"""Processes: small programs that run next to the test, and the processes they leave running."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psutil


class Program:
    """A Python process that prints one line when it is ready.

    It leads its own process group, as the foreground job of a shell does, so that a test can send it Ctrl-C.
    """

    def __init__(self, source: str, *args: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, *map(str, args)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self.offspring: list[psutil.Process] = []

    def ready(self) -> str:
        """Wait for the line and return it; sets `offspring` to the processes it started."""
        assert self.process.stdout
        line = self.process.stdout.readline().strip()
        self.offspring = psutil.Process(self.process.pid).children(recursive=True)
        return line

    def end(self, signum: signal.Signals) -> str:
        """Send the signal, wait for the process (not for its offspring), return the rest of its output."""
        self.process.send_signal(signum)
        return self.process.communicate(timeout=20)[0].strip()


def survivors(processes: list[psutil.Process], seconds: float = 5.0) -> list[psutil.Process]:
    """Those of the processes that still run after this many seconds."""
    deadline = time.monotonic() + seconds
    while (alive := [process for process in processes if runs(process)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return alive


def runs(process: psutil.Process) -> bool:
    """Whether a process runs; a zombie that was not reaped yet does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
