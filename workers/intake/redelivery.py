"""Redelivery of a message that is the only copy of its content: it is retried a limited number of times.

Nothing is counted on the happy path. A redelivered message, whose worker died or was stopped, is sent again with a
higher count before it is tried. Errors that the message does not cause, such as an unavailable database, do not count.
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
from workers.process import outages
from workers.process.celery_records import outage_problem

# A message that failed or killed its worker this many times is not retried.
MAX_DELIVERIES = 5
# The delay before a message is sent again: the next process would meet the same database.
PAUSE_SECONDS = 1.0
COUNT = "deliveries"

log = structlog.get_logger(__name__)


def deliver(
    task: Task,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    work: Callable[[], object],
    last_resort: Callable[[], object],
) -> None:
    """Do the work of a message, or send it again; after five failed deliveries, call `last_resort` instead."""
    number = _number(task)
    try:
        if number > MAX_DELIVERIES:
            last_resort()
        elif task.request.delivery_info.get("redelivered"):
            # Before it is tried: it may kill this process too, and this delivery would be lost.
            _send_again(task, args, kwargs, number + 1)
        else:
            work()
            outages.database().answered()
    except Reject:
        raise
    except Exception as error:
        if (problem := outage_problem(error)) is not None:
            outages.database().failed(problem)
        else:
            # Only the class name: the message of the error may contain text of a script.
            log.warning("delivery.failed", message=task.request.id, problem=type(error).__name__, delivery=number)
        time.sleep(PAUSE_SECONDS)
        _send_again(task, args, kwargs, number + blames_the_message(error))


def _number(task: Task) -> int:
    number = getattr(task.request, COUNT, 1)
    return number if isinstance(number, int) else 1


def blames_the_message(error: Exception) -> bool:
    """Whether the message caused an error, and not a database that is unavailable or busy."""
    if isinstance(error, DriverError):
        return blames_a_row(error)
    return not isinstance(error, Conflict)


def _send_again(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any], number: int) -> None:
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
