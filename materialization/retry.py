"""Retries: a unit of work that met a conflict is run again from the start, a bounded number of times."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from domain.errors import Conflict
from repos.database.driver_errors import DatabaseUnreachable, HeadLocked

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.02
MAX_PAUSE_SECONDS = 1.0
# A connection that the server closed while it was idle fails at once.
STALE_SECONDS = 1.0

T = TypeVar("T")


def with_retries(work: Callable[[], T]) -> T:
    """Run work, and retry it after a `Conflict`, with exponential back-off and full jitter.

    Raises:
        HeadLocked: at once: the worker that holds the head does the work.
        Conflict: the last one, when every attempt met one.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return work()
        except HeadLocked:
            raise
        except Conflict:
            longest = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
            time.sleep(random.uniform(0, longest))  # noqa: S311 - jitter is no secret
    return work()


def over_a_live_connection(read: Callable[[], T]) -> T:
    """Run a read, and once more if it failed at once: after a restart of the server, idle connections are closed ones.

    Raises:
        Conflict: the database does not answer.
    """
    began = time.monotonic()
    try:
        return read()
    except DatabaseUnreachable:
        raise
    except Conflict:
        if time.monotonic() - began > STALE_SECONDS:
            raise
    return read()
