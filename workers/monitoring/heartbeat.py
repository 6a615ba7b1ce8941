"""The heartbeat of a worker and of beat, driven by Celery's own loops: it stops when they hang."""

from __future__ import annotations

from typing import Any

from celery import bootsteps
from celery.beat import Scheduler as CelerysScheduler
from celery.beat import SchedulingError

from workers.messaging.broker_trouble import cause_of, trouble
from workers.monitoring.health import EVERY_SECONDS, beat
from workers.process import outages


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """A bootstep of a worker: beats from the timer of its main process."""

    requires = frozenset({"celery.worker.components:Timer"})

    def __init__(self, parent: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        """Start with the worker."""
        self._timer = parent.timer.call_repeatedly(EVERY_SECONDS, beat)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's
        """Stop with the worker."""
        if self._timer is not None:
            self._timer.cancel()


class Scheduler(CelerysScheduler):  # type: ignore[misc]
    """Celery's scheduler with a heartbeat; it stores nothing else on disk."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send the messages that are due; return how long to sleep."""
        beat()
        return super().tick(*args, **kwargs)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one tick; if the broker does not take it, the next tick replaces it."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            trouble.begins(cause_of(error))
        else:
            trouble.ends()
            outages.broker().answered(at_once=True)
