"""A supervised service: restarted when it ends on its own, with growing delays when it keeps ending."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from workers.embedded.child_process import Child
from workers.embedded.services import Service

FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 30.0
# After running for this long, a service has recovered, and the delay starts again from the first.
STEADY_SECONDS = 60.0


class Event(NamedTuple):
    """A change in a service; `pause` is how many seconds until a service that ended is restarted."""

    service: str
    what: Literal["started", "ready", "ended"]
    status: int | None = None
    pause: float = 0.0


class Pauses:
    """The delays before restarts: longer each time, until a run lasts `STEADY_SECONDS`."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE_SECONDS
        self._began = time.monotonic()

    def started(self) -> None:
        """Record a start."""
        self._began = time.monotonic()

    def next(self) -> float:
        """The seconds to wait after an end."""
        if time.monotonic() - self._began > STEADY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        pause = self._pause
        self._pause = min(pause * 2, MAX_PAUSE_SECONDS)
        return pause


class SupervisedService:
    """A service as a child process, started at once; its output is appended to a file."""

    def __init__(self, service: Service, *, log: Path, environ: Mapping[str, str]) -> None:
        self.name = service.name
        self._service = service
        self._log = log
        self._environ = {**environ, **service.environ}
        self._pauses = Pauses()
        self._due = 0.0
        self._offset = 0
        self._is_ready = False
        self._child = self._start()

    def tend(self) -> list[Event]:
        """Restart the service if it ended and its delay is over; return the events since the last call."""
        if self._due:
            return self._start_again() if time.monotonic() >= self._due else []
        if not self._child.running():
            return [self._ended()]
        if not self._is_ready and self._service.ready in self._output():
            self._is_ready = True
            return [Event(self.name, "ready")]
        return []

    def stop(self, timeout: float) -> None:
        """Stop the service; it is killed after `timeout` seconds, with 0 at once."""
        self._child.stop(timeout)

    def _start(self) -> Child:
        self._pauses.started()
        self._is_ready = False
        self._offset = self._log.stat().st_size if self._log.exists() else 0
        return Child(self._service.command, log=self._log, environ=self._environ, keep=self._service.keep)

    def _start_again(self) -> list[Event]:
        self._due = 0.0
        self._child = self._start()
        return [Event(self.name, "started")]

    def _ended(self) -> Event:
        pause = self._pauses.next()
        self._due = time.monotonic() + pause
        return Event(self.name, "ended", self._child.wait(), pause)

    def _output(self) -> bytes:
        with self._log.open("rb") as log:
            log.seek(self._offset)
            return log.read()
