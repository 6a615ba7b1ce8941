"""Deliveries of a message that is the only copy of what it says: again if need be, and a bounded number of times.

Nothing is counted on the happy path. A message that came back, because its worker died or was stopped, is sent anew
with a higher count before it is tried; what is not its fault, a database that is away, is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from celery import Task
from celery.exceptions import Reject
from kombu.exceptions import OperationalError

from domain.errors import Conflict
from repos.database.driver_errors import DriverError, blames_a_row

MAX_DELIVERIES = 5
"""What failed or ended its worker so often is not tried again."""
PAUSE_SECONDS = 1.0
"""How long a process waits before it gives a message back: the next one would meet the same database."""
COUNT = "deliveries"

log = structlog.get_logger(__name__)


def deliver(
    task: Task,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    work: Callable[[], object],
    last_resort: Callable[[], object],
) -> None:
    """Do the work of a message, or send it anew; after five deliveries that failed, do the last resort instead."""
    number = _number(task)
    try:
        if number > MAX_DELIVERIES:
            last_resort()
        elif task.request.delivery_info.get("redelivered"):
            # Before it is tried: it may end this process too, and the message of this delivery with it.
            _send_anew(task, args, kwargs, number + 1)
        else:
            work()
    except Reject:
        raise
    except Exception as error:
        # Its name alone: what the error says may be text of a script.
        log.warning("delivery.failed", message=task.request.id, problem=type(error).__name__, delivery=number)
        time.sleep(PAUSE_SECONDS)
        _send_anew(task, args, kwargs, number + blames_the_message(error))


def _number(task: Task) -> int:
    number = getattr(task.request, COUNT, 1)
    return number if isinstance(number, int) else 1


def blames_the_message(error: Exception) -> bool:
    """Whether the message is to blame for an error, and not a database that is away or busy."""
    if isinstance(error, DriverError):
        return blames_a_row(error)
    return not isinstance(error, Conflict)


def _send_anew(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any], number: int) -> None:
    try:
        task.apply_async(
            args=args,
            kwargs=kwargs,
            task_id=task.request.id,
            headers={COUNT: number},
            argsrepr="(…)",
            kwargsrepr="{…}",
            retry=False,
        )
    except (OperationalError, OSError) as error:
        log.warning("delivery.unsent", message=task.request.id, problem=type(error).__name__)
        raise Reject(requeue=True) from error
