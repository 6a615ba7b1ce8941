"""Sending in bulk from the command line: a window of submissions without an answer, paced, with progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from cli.client.queue import CHECK_SECONDS, Queue
from cli.terminal import screen
from domain.errors import Conflict
from repos.database.driver_errors import DriverError
from workers.producers.bulk_sender import ANSWERS_PER_LOOK, MAX_BYTES, MAX_ROWS, BulkSender, Outgoing, Result

# Submissions that wait for an answer at a time.
WINDOW = 4_000
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.005, 0.2
# What comes slowly, from a pipe, is sent after this long.
BATCH_SECONDS = 0.5
THEN = " What was sent is safe and will be answered when the broker is back; the same command continues."


class Pace(NamedTuple):
    """How to send: submissions a second (0: as fast as possible), whether to wait for answers, and for how long.

    The wait ends `timeout` seconds after the last answer.
    """

    rate: float
    wait: bool
    timeout: float


class BulkRun:
    """One run of the sender over a stream of submissions. `show` is called with each result, in no order.

    `sent` counts what was put or found answered, `answered` what has an answer; `pending` counts what has
    none after `timeout`, or because its script is quarantined. `stopped` is whether something was left unsent.
    """

    def __init__(self, queue: Queue, pace: Pace, show: Callable[[Result], object]) -> None:
        self._queue = queue
        self._pace = pace
        self._show = show
        self._sender = BulkSender(queue.unit_of_work, queue.ring_all)
        self._began = self._moved_at = self._checked_at = time.monotonic()
        self._pause = FIRST_PAUSE_SECONDS
        self._batch: list[Outgoing] = []
        self._batch_began = 0.0
        self._stop: Callable[[], bool] = lambda: False
        self._progress: Callable[[], object] = lambda: None
        self.sent = self.answered = 0
        self.pending = 0
        self.timed_out = self.stopped = False

    def send_all(
        self, items: Iterable[Outgoing], *, total: int | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Send what `items` yields, until `stopped`, and wait for the answers.

        Raises:
            Ending: the broker cannot be used.
            Conflict: the database is away. What was sent before is safe.
        """
        self._stop = stopped
        rows = self._rows()
        with screen.rated_progress() as bars:
            tasks = [bars.add_task(name, total=total) for name in ("sent", "answered")]

            def progress() -> None:
                for task, done in zip(tasks, (self.sent, self.answered), strict=True):
                    bars.update(task, completed=done)

            self._progress = progress
            size = 0
            for item in items:
                size = size + len(item.payload) if self._batch else len(item.payload)
                if self._batch and (len(self._batch) >= rows or size > MAX_BYTES):
                    self._send()
                    size = len(item.payload)
                if self.stopped:
                    break
                self._batch_began = self._batch_began if self._batch else time.monotonic()
                self._batch.append(item)
                self._send_if_due()
            self._send()
            bars.update(tasks[1], total=self.sent)
            while self._sender.outstanding and not self.timed_out:
                self._wait()
                progress()
        self.pending += len(self._sender.give_up())

    def tick(self) -> None:
        """While no submission comes: send what came before, and read answers."""
        self._send_if_due()
        with suppress(Conflict, *DriverError):
            self._collect()
        self._progress()

    def _send_if_due(self) -> None:
        if self._batch and time.monotonic() - self._batch_began > BATCH_SECONDS:
            self._send()

    def _send(self) -> None:
        """Send the batch, unless the run was stopped."""
        if not self._batch or self.stopped:
            return
        self._keep_pace()
        while self._sender.outstanding + len(self._batch) > WINDOW and not self.timed_out:
            self._wait()
        self.stopped = self.timed_out or self._stop()
        if not self.stopped:
            self._put(self._batch)
            self._batch = []
            self._progress()

    def _rows(self) -> int:
        return min(MAX_ROWS, max(1, round(self._pace.rate / 10))) if self._pace.rate else MAX_ROWS

    def _keep_pace(self) -> None:
        while self._pace.rate and (left := self._began + self.sent / self._pace.rate - time.monotonic()) > 0:
            time.sleep(min(left, MAX_PAUSE_SECONDS))
            self._collect()

    def _put(self, batch: list[Outgoing]) -> None:
        self._take(self._sender.put(batch))
        self.sent += len(batch)
        self._moved_at = time.monotonic()
        if self._pace.wait:
            self._collect()
        else:
            self.pending += len(self._sender.give_up())

    def _collect(self) -> None:
        """Read the answers that are there."""
        while self._sender.outstanding:
            results = self._sender.collect()
            self._take(results)
            if len(results) < ANSWERS_PER_LOOK // 2:
                break
        self._check()

    def _wait(self) -> None:
        """Read answers; without any, wait a moment."""
        results = self._sender.collect()
        self._take(results)
        self._check()
        if results:
            self._pause = FIRST_PAUSE_SECONDS
            return
        self.timed_out = time.monotonic() - self._moved_at >= self._pace.timeout
        if not self.timed_out:
            time.sleep(self._pause)
            self._pause = min(self._pause * 1.5, MAX_PAUSE_SECONDS)

    def _check(self) -> None:
        """Each second: what the wait depends on, and submissions that get no answer because of a quarantine."""
        now = time.monotonic()
        if now - self._checked_at < CHECK_SECONDS or not self._sender.outstanding:
            return
        self._checked_at = now
        self._queue.tend(THEN)
        with suppress(Conflict, *DriverError), self._queue.unit_of_work.reading() as tx:
            self.pending += len(self._sender.give_up(set(tx.quarantines.out_of_service())))

    def _take(self, results: Iterable[Result]) -> None:
        for result in results:
            self.answered += 1
            self._moved_at = time.monotonic()
            self._show(result)
