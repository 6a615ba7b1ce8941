"""Role heartbeat: tells the database every few seconds which roles run here, and what they answered.

A thread of a worker's main process, or of beat, writes it: a solo worker's loop stands still during a task. It is never
in the middle of a statement while the process forks.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

import structlog

from domain.errors import Conflict
from materialization.clock import system_clock
from repos.database.engine import Engine
from repos.scheduling.role_heartbeats import RoleState
from repos.unit_of_work import UnitOfWork
from workers.process import outages
from workers.process.answer_counters import AnswerCounters, Counts, increase
from workers.process.celery_records import outage_problem

BEAT_SECONDS = 3.0
# A role that was not seen for this long is missing.
MISSING_SECONDS = 10.0
BEAT_ROLE = "beat"
STOP_SECONDS = 1.0
# How long a fork waits for a statement of the thread, whose locks the child would inherit.
FORK_WAIT_SECONDS = 1.0

log = structlog.get_logger(__name__)


class RoleHeartbeat:
    """The heartbeat of the roles of one process. `engine` is called in the thread, on first use."""

    def __init__(
        self, roles: Sequence[str], engine: Callable[[], Engine], counters: AnswerCounters | None = None
    ) -> None:
        self._roles = roles
        self._host = socket.gethostname()[:255]
        self._open = engine
        self._engine: Engine | None = None
        self._counters = counters
        self._stored: Counts = {}
        self._started_at = system_clock()
        self._state: RoleState = "starting"
        self._wake = Event()
        self._stopping = False
        self._forking = Lock()
        self._held = False
        self._warned = ""
        self._thread: Thread | None = None
        self._pid = os.getpid()

    def start(self) -> None:
        """Start the thread."""
        if self._thread is None:
            os.register_at_fork(before=self._before_fork, after_in_parent=self._after_fork)
            self._thread = Thread(target=self._run, name="role heartbeat", daemon=True)
            self._thread.start()

    def change(self, state: RoleState) -> None:
        """Report another state, soon."""
        if state != self._state:
            self._state = state
            self._wake.set()

    def stop(self) -> None:
        """Report that the roles stopped, if the database answers in time."""
        if self._thread is None or os.getpid() != self._pid:
            return
        self._state, self._stopping = "stopped", True
        self._wake.set()
        self._thread.join(STOP_SECONDS)

    def write(self) -> None:
        """Write one heartbeat.

        Raises:
            Conflict, DriverError: the database did not take it; the counts are in the next one.
        """
        counted = self._counters.totals() if self._counters is not None else {}
        if self._engine is None:
            self._engine = self._open()
        try:
            with UnitOfWork(self._engine).records() as tx:
                for role in self._roles:
                    tx.heartbeats.put(role, self._host, self._state, started_at=self._started_at)
                if more := increase(self._stored, counted):
                    tx.activity.add(system_clock(), more)
        finally:
            if self._engine.dialect.name == "sqlite":
                # A forked child would believe that it holds the locks of the file.
                self._engine.dispose()
        self._stored = counted

    def _run(self) -> None:
        while True:
            # Before the write: a stop that begins during it needs another one.
            stopping = self._stopping
            self._write_or_warn()
            if stopping:
                return
            self._wake.wait(BEAT_SECONDS)
            self._wake.clear()

    def _write_or_warn(self) -> None:
        # The log has a lock of its own, which a child would inherit too.
        with self._forking:
            try:
                self.write()
            except Exception as error:  # monitoring must not end the worker
                self._report(error)
            else:
                self._warned = ""
                outages.database().answered()

    def _report(self, error: Exception) -> None:
        problem = outage_problem(error)
        if problem is not None:
            outages.database().failed(problem)
            return
        cause = (error.__cause__ or error) if isinstance(error, Conflict) else error
        reason = str(cause.args[-1] if cause.args else type(cause).__name__)
        if reason != self._warned:
            self._warned = reason
            log.warning("worker.heartbeat_not_stored", reason=reason)

    def _before_fork(self) -> None:
        self._held = self._forking.acquire(timeout=FORK_WAIT_SECONDS)

    def _after_fork(self) -> None:
        if self._held:
            self._forking.release()
