"""Second look: before a script is taken out of service, what contradicts itself is read once more, from the start.

With several database nodes a sound script may seem to contradict itself for a moment, and so may what one process
remembers of it. What is stored so contradicts itself the second time too.
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
    """Run work on a script, and run it again where it finds a contradiction; `forget` what is remembered of it before.

    Raises:
        Corrupt: it found one both times.
    """
    try:
        return work()
    except Quarantined:
        raise
    except Corrupt as found:
        log.warning("script.second_look", script_id=script_id, problem=str(found))
        forget(script_id)
        with suppress(Conflict, *DriverError):
            unit_of_work.catch_up()
        return work()
