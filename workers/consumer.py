"""The consumer of a worker that serves the intake: it looks at what arrives before Celery does.

Celery drops a message that it cannot read and logs its body, and a body that is JSON but no task ends the worker. A
message in the intake is the only copy of somebody's edit: it goes to the dead letters, by a task of its own.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from celery.utils.log import get_logger
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu.exceptions import OperationalError
from kombu.message import Message

from workers.envelopes import tolerate

INTAKE = "scriptledger.intake"
SET_ASIDE = "scriptledger.set_aside"
QUEUE = "intake"

log = structlog.get_logger(__name__)
_celery_log = get_logger(__name__)


class Consumer(CeleryConsumer):  # type: ignore[misc]  # Celery has no types
    """Celery's consumer, which sets aside what comes to the intake and is no task of ours."""

    def create_task_handler(self, *args: Any) -> Callable[[Message], None]:
        """What is called with each message."""
        received: Callable[[Message], None] = super().create_task_handler(*args)
        if not self._serves_the_intake():
            return received
        tolerate(self.task_consumer.channel, QUEUE, self._set_aside_scrap)

        def on_task_received(message: Message) -> None:
            problem = problem_with(message, self.strategies)
            if problem is None:
                received(message)
            else:
                self._set_aside(message, problem)

        return on_task_received

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        """Called by Celery for what only it finds wrong."""
        if self._serves_the_intake():
            self._set_aside(message, _said(exc))
        else:
            super().on_decode_error(message, exc)

    def on_invalid_task(self, body: object, message: Message, exc: Exception) -> None:
        """Called by Celery for what only it finds wrong."""
        if self._serves_the_intake():
            self._set_aside(message, _said(exc))
        else:
            super().on_invalid_task(body, message, exc)

    def _serves_the_intake(self) -> bool:
        return QUEUE in self.app.amqp.queues.consume_from

    def _set_aside(self, message: Message, problem: str) -> None:
        body = message.body or b""
        name = str(message.headers.get("id") or message.properties.get("correlation_id") or "")
        if self._sent(body.encode(errors="surrogatepass") if isinstance(body, str) else bytes(body), problem, name):
            message.ack_log_error(_celery_log, self.connection_errors)  # type: ignore[no-untyped-call]
        # Else, not acknowledged, it comes back.

    def _set_aside_scrap(self, scrap: bytes) -> bool:
        return self._sent(scrap, "what lay in the queue is no JSON", "")

    def _sent(self, body: bytes, problem: str, name: str) -> bool:
        """Whether the task that sets something aside was sent."""
        try:
            self.app.send_task(
                SET_ASIDE,
                args=(b64encode(body).decode(), problem, name),
                queue=QUEUE,
                argsrepr="(…)",
                kwargsrepr="{}",
                ignore_result=True,
                retry=False,
            )
        except (OperationalError, OSError) as error:
            log.warning("intake.not_set_aside", message=name, problem=type(error).__name__)
            return False
        return True


def problem_with(message: Message, tasks: Mapping[str, object]) -> str | None:
    """Why a message is no task of the Celery protocol 2 that this worker knows; None where it is one."""
    name = message.headers.get("task")
    if not isinstance(name, str) or not isinstance(message.headers.get("id"), str):
        return "the message is no task of the Celery protocol 2: its headers must have `task` and `id`"
    if name not in tasks:
        return f"there is no task {name[:80]!r}"
    try:
        body = message.payload
    except Exception as error:  # whatever a foreign body makes a decoder raise
        return _said(error)
    match body:
        case [list(), dict(), dict() | None]:
            return None
    return "the body must be a list of arguments, an object of named ones, and an object of options"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: the body cannot be read"
