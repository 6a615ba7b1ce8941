"""Re-read before quarantine: when a script looks inconsistent, it is read again from scratch before it is quarantined.

With several database nodes a valid script may look inconsistent for a moment, and so may a process's cached state.
A real inconsistency in the stored data shows both times.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import structlog

from domain.errors import Conflict, Corrupt
from materialization.integrity.quarantine import Quarantined
from repos.database.driver_errors import DriverError
from repos.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

T = TypeVar("T")


def look_twice(
    unit_of_work: UnitOfWork, script_id: int, work: Callable[[], T], *, forget: Callable[[int], object] = lambda _: None
) -> T:
    """Run work on a script; if it raises `Corrupt`, `forget` the cached state and run it again.

    Raises:
        Corrupt: both times.
    """
    try:
        return work()
    except Quarantined:
        raise
    except Corrupt as found:
        log.warning("script.second_look", script_id=script_id, problem=found)
        forget(script_id)
        with suppress(Conflict, *DriverError):
            unit_of_work.catch_up()
        return work()
