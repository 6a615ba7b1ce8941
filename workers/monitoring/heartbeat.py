"""The heartbeats of a worker and of beat: a file touched by Celery's own loops, which stops when they hang, a row in
the database for each role (`role_heartbeat`), and a report whether the process is ready (`readiness`).
"""

from __future__ import annotations

from typing import Any

from celery import bootsteps
from celery.beat import Scheduler as CelerysScheduler
from celery.beat import SchedulingError

from repos.scheduling.role_heartbeats import RoleState
from workers import bootstrap
from workers.messaging.broker_trouble import cause_of, trouble
from workers.monitoring import health
from workers.monitoring.health import EVERY_SECONDS, beat
from workers.monitoring.readiness import beat_readiness, worker_readiness
from workers.monitoring.role_heartbeat import BEAT_ROLE, RoleHeartbeat
from workers.process import outages
from workers.process.roles import ROLES


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """A bootstep of a worker: beats from the timer of its main process."""

    requires = frozenset({"celery.worker.components:Timer"})

    def __init__(self, parent: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(parent, **options)
        queues = parent.app.amqp.queues.consume_from
        roles = [role.name for role in ROLES.values() if role.queue in queues]
        parent.role_heartbeat = RoleHeartbeat(roles, bootstrap.heartbeat_engine, bootstrap.answer_counters())

    def start(self, parent: Any) -> None:
        """Start with the worker."""
        self._timer = parent.timer.call_repeatedly(EVERY_SECONDS, beat)
        parent.role_heartbeat.start()

    def stop(self, parent: Any) -> None:
        """Stop with the worker."""
        if self._timer is not None:
            self._timer.cancel()
        parent.role_heartbeat.stop()

    def terminate(self, parent: Any) -> None:
        """Stop with a worker that does not wait for its tasks."""
        self.stop(parent)


class Consuming(bootsteps.StartStopStep):  # type: ignore[misc]
    """A bootstep of a worker's consumer: reports whether it takes messages, and whether its servers let it work."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        """Start after the queues are consumed, again after each lost connection."""
        parent.controller.role_heartbeat.change("consuming")
        readiness = worker_readiness(min(parent.app.amqp.queues.consume_from))
        readiness.report()
        self._timer = parent.timer.call_repeatedly(EVERY_SECONDS, readiness.report)

    def stop(self, parent: Any) -> None:
        """Stop when the connection is lost, or with the worker."""
        parent.controller.role_heartbeat.change("disconnected")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            health.report("worker", ["it takes no messages: it lost the broker, or stops"])


class Scheduler(CelerysScheduler):  # type: ignore[misc]
    """Celery's scheduler with a heartbeat; it stores nothing else on disk."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._role_heartbeat: RoleHeartbeat | None = None

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send the messages that are due; return how long to sleep."""
        beat()
        beat_readiness().report_if_due()
        if self._role_heartbeat is None:
            # Only now: the scheduler may have been created before a fork.
            self._role_heartbeat = RoleHeartbeat([BEAT_ROLE], bootstrap.heartbeat_engine)
            self._role_heartbeat.start()
        return super().tick(*args, **kwargs)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one tick; if the broker does not take it, the next tick replaces it."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            trouble.begins(cause_of(error))
            self._report("disconnected")
        else:
            trouble.ends()
            outages.broker().answered(at_once=True)
            self._report("consuming")

    def close(self) -> None:
        """End with beat."""
        if self._role_heartbeat is not None:
            self._role_heartbeat.stop()
        super().close()

    def _report(self, state: RoleState) -> None:
        if self._role_heartbeat is not None:
            self._role_heartbeat.change(state)
