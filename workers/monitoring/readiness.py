"""Readiness of a process: its main loop checks its servers every few seconds and reports what is wrong.

The checks run in the main loop: a thread would be a danger for the processes that it forks. Each opens a connection
and closes it, so that no child inherits one; a server that hangs costs the loop two seconds. Without a configured
heartbeat file nothing is checked.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import cache, partial

from redis.exceptions import RedisError

from repos.database.engine import make_engine
from repos.server_checks.readiness import database_problem
from workers import bootstrap
from workers.messaging.broker_check import BrokerUnreachable, open_broker
from workers.messaging.broker_trouble import trouble
from workers.messaging.broker_writes import write_refusal
from workers.monitoring.health import EVERY_SECONDS, VARIABLE, report
from workers.process.roles import ROLES

ANSWER_SECONDS = 2


class Readiness:
    """The report of one kind of process, made of the problems that a function finds."""

    def __init__(
        self, kind: str, problems: Callable[[], Iterator[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kind = kind
        self._problems = problems
        self._clock = clock
        self._next = 0.0

    def report(self) -> None:
        """Check, and write what was found."""
        if os.environ.get(VARIABLE):
            report(self._kind, list(self._problems()))

    def report_if_due(self) -> None:
        """The same, if the last report is old enough: for a loop that turns more often."""
        if self._clock() >= self._next:
            self.report()
            self._next = self._clock() + EVERY_SECONDS


@cache
def worker_readiness(queue: str) -> Readiness:
    """That of a worker of a queue, which needs the database and the broker."""
    engine = make_engine(bootstrap.settings().database_url, pool_size=1, answer_seconds=ANSWER_SECONDS)

    def problems() -> Iterator[str]:
        try:
            problem = database_problem(engine)
        finally:
            engine.dispose()
        if problem:
            yield problem
        yield from _of_broker(queue)

    return Readiness("worker", problems)


@cache
def beat_readiness() -> Readiness:
    """That of beat, which needs the broker alone."""
    return Readiness("beat", partial(_of_broker, ROLES["reconcile"].queue))


def _of_broker(queue: str) -> Iterator[str]:
    try:
        with open_broker(bootstrap.settings().broker_url, seconds=ANSWER_SECONDS) as connection:
            refusal = write_refusal(connection, queue)
    except (BrokerUnreachable, RedisError, OSError) as error:
        yield f"the broker does not answer: {error}"
        return
    if codes := list(dict.fromkeys([*trouble.codes, *([refusal] if refusal else [])])):
        yield f"the broker refuses commands: {', '.join(codes)}"
