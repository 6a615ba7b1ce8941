"""Outages of servers: one log line when one begins, one a minute with a count while it lasts, one when it ends.

The processes of a worker share what they know: without the database, each of them would log its own lines.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache

import structlog

EVERY_SECONDS = 60.0
# An outage has ended when a call succeeds this long after the last failure: a server that answers now and then would
# otherwise begin and end one each time.
QUIET_SECONDS = 3.0

# When it began, when it was last logged, the last failure, and the number of failures; zeros without an outage.
_STATE = struct.Struct("<dddq")

log = structlog.get_logger(__name__)


class Outage:
    """The outage of one server, if there is one, in memory shared with the processes that are forked later."""

    def __init__(self, server: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._clock = clock
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._lock_file: int | None = None  # without it, two processes may log the same line
        with suppress(OSError), tempfile.TemporaryFile() as file:
            self._lock_file = os.dup(file.fileno())
            self._identity = _identity_of(self._lock_file)
            weakref.finalize(self, _close, self._lock_file, self._identity)

    @property
    def lasts(self) -> bool:
        """Whether the server is known not to answer."""
        return bool(_STATE.unpack_from(self._memory)[0])

    def failed(self, problem: str) -> None:
        """Record that the server did not answer a request."""
        with self._locked():
            began, logged, _, failures = _STATE.unpack_from(self._memory)
            now = self._clock()
            failures += 1
            if not began:
                began = logged = now
                log.error("server.unreachable", server=self._server, problem=problem)
            elif now - logged >= EVERY_SECONDS:
                logged = now
                seconds = round(now - began)
                log.error(
                    "server.still_unreachable",
                    server=self._server,
                    problem=problem,
                    failures=failures,
                    seconds=seconds,
                )
            _STATE.pack_into(self._memory, 0, began, logged, now, failures)

    def answered(self, *, at_once: bool = False) -> None:
        """Record that the server answered a request; `at_once` ends an outage even just after a failure."""
        # Without the lock: this is called for each drain, and nearly always finds no outage.
        if not self.lasts:
            return
        with self._locked():
            began, _, last, failures = _STATE.unpack_from(self._memory)
            now = self._clock()
            if began and (at_once or now - last >= QUIET_SECONDS):
                log.warning("server.reachable", server=self._server, failures=failures, seconds=round(now - began, 1))
                _STATE.pack_into(self._memory, 0, 0.0, 0.0, 0.0, 0)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # In the process of an embedded beat, Celery closes all files, and another one may have the number.
        if self._lock_file is None or _identity_of(self._lock_file) != self._identity:
            yield
            return
        # A kernel lock: a killed process frees it.
        fcntl.lockf(self._lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._lock_file, fcntl.LOCK_UN)


def _identity_of(file: int) -> tuple[int, int] | None:
    """Which file an open number stands for; None if it is closed."""
    try:
        status = os.fstat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _close(file: int, identity: tuple[int, int] | None) -> None:
    if _identity_of(file) == identity is not None:
        os.close(file)


@cache
def database() -> Outage:
    """The outage of the database; first called before a worker forks."""
    return Outage("database")


@cache
def broker() -> Outage:
    """The outage of the broker; first called before a worker forks."""
    return Outage("broker")
