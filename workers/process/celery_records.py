"""Celery's log records as events: ticks and drains at debug, outages without repetition, errors without texts.

Drains write their own line. A task that fails again and again with the same error is logged once a minute with a count.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from structlog.typing import EventDict

from domain.errors import Conflict
from materialization.write_path.suspects import waited_for_others
from repos.database.driver_errors import is_outage
from workers.process import outages
from workers.process.safe_errors import causes_of, problem_of
from workers.process.task_names import DRAIN, DRAIN_DEEP, DRAIN_ONE_BY_ONE, KEEP_SCHEDULES, RECONCILE
from workers.process.visible_logs import event_of

QUIET_TASKS = frozenset({DRAIN, DRAIN_DEEP, DRAIN_ONE_BY_ONE, RECONCILE, KEEP_SCHEDULES})
REPEAT_SECONDS = 60.0
MAX_REPEATED = 200


class CeleryRecords:
    """Translates records; `level` is that of the log."""

    def __init__(self, level: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._level = level
        self._clock = clock
        self._repeated: dict[str, tuple[float, int]] = {}

    def event(self, record: logging.LogRecord) -> EventDict | None:
        """The event of a record; None to leave it out."""
        match record.name:
            case "celery.app.trace":
                return self._task(record)
            case "celery.worker.consumer.consumer" | "celery.worker.consumer.connection" | "celery.beat":
                return self._connection(record)
            case "celery.worker.request":
                # A database that hangs makes every drain exceed its time limit.
                return self._once_a_minute(f"{record.msg}", event_of(record))
            case "celery.apps.worker" if str(record.msg).endswith("ready."):
                return None  # the worker logs its own
            case _:
                return event_of(record)

    def _task(self, record: logging.LogRecord) -> EventDict | None:
        task: dict[str, Any] = getattr(record, "data", None) or {}
        error = record.exc_info[1] if record.exc_info else None
        name = task.get("name", "")
        if error is not None:
            return self._failed(name, task.get("id", ""), error)
        if "runtime" not in task:
            return {"event": f"task.{task.get('description', 'ended')}", "task": name, "id": task.get("id", "")}
        if name in QUIET_TASKS and self._level > logging.DEBUG:
            return None
        ms = round(task["runtime"] * 1_000, 1)
        return {"event": "task.done", "task": name, "id": task.get("id", ""), "ms": ms, "result": task["return_value"]}

    def _failed(self, task: str, task_id: str, error: BaseException) -> EventDict | None:
        if (problem := outage_problem(error)) is not None:
            outages.database().failed(problem)
            return None
        event: EventDict = {"event": "task.failed", "task": task, "id": task_id, "problem": problem_of(error)}
        if not isinstance(error, Conflict):
            event["exc_info"] = error
        return self._once_a_minute(f"{task} {type(error).__name__}", event)

    def _connection(self, record: logging.LogRecord) -> EventDict | None:
        message = str(record.msg)
        error = next((arg for arg in _args(record) if isinstance(arg, Exception)), None)
        lost = message.startswith(_BROKER_ERRORS) or any(str(arg).startswith(_LOST) for arg in _args(record))
        if error is not None and lost:
            outages.broker().failed(problem_of(error))
            return None
        if message.startswith("Connected to"):
            outages.broker().answered(at_once=True)
        if message.startswith("Scheduler: Sending due task") and self._level > logging.DEBUG:
            return None
        return event_of(record)

    def _once_a_minute(self, key: str, event: EventDict) -> EventDict | None:
        now = self._clock()
        logged, left_out = self._repeated.get(key, (0.0, 0))
        if logged and now - logged < REPEAT_SECONDS:
            self._repeated[key] = (logged, left_out + 1)
            return None
        if len(self._repeated) >= MAX_REPEATED:
            self._repeated.clear()
        self._repeated[key] = (now, 0)
        if left_out:
            # The first one had the traceback.
            event.pop("exc_info", None)
            event["repeated"] = left_out
        return event


def outage_problem(error: BaseException) -> str | None:
    """What is wrong with the database, if an error comes from its outage."""
    for cause in causes_of(error):
        if is_outage(cause):
            return problem_of(cause)
        if isinstance(cause, SoftTimeLimitExceeded) and waited_for_others(cause):
            return "no answer in time"
    return None


def _args(record: logging.LogRecord) -> tuple[object, ...]:
    return record.args if isinstance(record.args, tuple) else ()


_LOST = "Connection to broker lost"
_BROKER_ERRORS = ("consumer: Cannot connect to", "beat: Connection error")
