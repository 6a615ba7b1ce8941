"""The orderly stop of a worker: it takes no more messages, finishes what it has, and hands over the rest.

SIGTERM ──▶ a byte in a pipe ──▶ the loop cancels the queues ──▶ tasks end, or time is up ──▶ hand over ──▶ cold stop

Celery's own soft stop sleeps in the signal handler: no result is read in that time, so that a busy worker always sleeps
for the whole timeout. And bells are not acknowledged: those that a stopped worker had taken would wait for the
reconciler.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import billiard
import structlog
from celery import bootsteps
from celery.worker import state
from kombu.message import Message

CHECK_SECONDS = 0.02
# How long a killed process may take to end.
REAP_SECONDS = 0.2
# After the pool processes are killed, until the database has rolled their transactions back.
ROLLBACK_SECONDS = 0.05

log = structlog.get_logger(__name__)


class Wake:
    """A pipe that a signal handler writes to and the event loop reads."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        os.set_blocking(self.reader, False)
        self.is_read = False
        self.leave: Callable[[], object] = lambda: None
        # Hands over what is not finished: for a process that is ended because its loop does not.
        self.rescue: Callable[[], object] = lambda: None

    def send(self, leave: Callable[[], object]) -> bool:
        """Wake the loop, which calls `leave` in the end; returns whether one reads."""
        self.leave = leave
        if self.is_read:
            os.write(self._writer, b"!")
        return self.is_read

    def clear(self) -> None:
        """Read what was written."""
        with suppress(BlockingIOError):
            os.read(self.reader, 64)


@cache
def wake() -> Wake:
    """The pipe of this process."""
    return Wake()


class OrderlyStop(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """A bootstep of a worker's consumer: waits for the signal in the event loop, and stops the worker from there."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    # Rings again for the scripts of tasks, given by id and arguments, whose messages are not acknowledged.
    hand_over: Callable[[Iterable[tuple[str, Sequence[Any]]]], object]

    def start(self, parent: Any) -> None:
        """Start after the queues are consumed, again after each lost connection."""
        if parent.hub is not None:
            parent.hub.add_reader(wake().reader, self._begin, parent)
            wake().is_read = True

    def stop(self, parent: Any) -> None:
        """Stop when the connection is lost, or with the worker."""
        wake().is_read = False
        if parent.hub is not None:
            parent.hub.remove(wake().reader)

    def _begin(self, parent: Any) -> None:
        wake().clear()
        parent.hub.remove(wake().reader)
        log.info("worker.stopping", tasks=len(state.reserved_requests))
        if not _acknowledges(parent):
            wake().rescue = self._hand_over_left
        self._take_no_more(parent)
        deadline = time.monotonic() + parent.app.conf.worker_soft_shutdown_timeout
        parent.timer.call_repeatedly(CHECK_SECONDS, self._check, (parent, deadline))

    def _take_no_more(self, parent: Any) -> None:
        consumer, acknowledges = parent.task_consumer, _acknowledges(parent)

        def give_back(message: Message) -> None:
            if acknowledges:
                message.requeue()  # type: ignore[no-untyped-call]  # kombu has no types
            else:
                self.hand_over([(message.headers["id"], message.payload[0])])

        consumer.on_message = give_back
        transport = consumer.channel.connection
        callbacks = dict(getattr(transport, "_callbacks", {}))
        consumer.cancel()
        if callbacks:
            # Redis may already have answered the last request for a message.
            transport._callbacks.update(callbacks)

    def _check(self, parent: Any, deadline: float) -> None:
        left = bool(state.reserved_requests)
        if (left or _is_polling(parent)) and time.monotonic() < deadline:
            return
        if not left:
            # An idle process that Celery ends sleeps for a second first.
            kill_pool()
        elif not _acknowledges(parent):
            # A drain that is cut off later would make the next one of its script find a locked head, and leave.
            kill_pool()
            self._hand_over_left()
        # The time is used up: Celery need not sleep.
        parent.app.conf.worker_soft_shutdown_timeout = 0
        wake().leave()

    def _hand_over_left(self) -> None:
        time.sleep(ROLLBACK_SECONDS)
        if left := [(request.id, request.args) for request in list(state.reserved_requests)]:
            self.hand_over(left)


def kill_pool() -> None:
    """End the pool processes of this worker at once, and wait for each, so that none is left as a zombie."""
    # Beat, which a worker may start too, ends by itself.
    kill(child for child in billiard.active_children() if "PoolWorker" in child.name)


def kill(processes: Iterable[Any]) -> None:
    """End child processes at once, and wait for each."""
    children = list(processes)
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    for child in children:
        child.join(REAP_SECONDS)


def _is_polling(parent: Any) -> bool:
    # Redis may still give a message to the last request for one, which takes at most a second; unread, it is lost.
    return bool(getattr(parent.task_consumer.channel, "_in_poll", None))


def _acknowledges(parent: Any) -> bool:
    return bool(getattr(parent.task_consumer.channel, "ack_emulation", True))
