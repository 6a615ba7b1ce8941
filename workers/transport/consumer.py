"""The consumer of a worker: Celery's consumer, limited to rebuilt messages, with a delay when Redis refuses.

Celery logs the body of a message that it cannot read, and some messages crash it. With Redis, our transport rebuilds
each message before it arrives here; with another broker, it is rebuilt here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from celery.utils.log import get_logger
from celery.worker.consumer import Consumer as CeleryConsumer
from celery.worker.state import maybe_shutdown
from kombu.message import Message
from redis.exceptions import ResponseError

from workers.messaging.broker_trouble import refusals, trouble
from workers.monitoring.health import beat
from workers.transport import intake_guard
from workers.transport.intake_rescue import keep_in_database
from workers.transport.message_guard import read_parts
from workers.transport.redis_transport import Channel
from workers.transport.trusted_message import Misrouted, Parts, Refused

SLICE_SECONDS = 0.25

log = structlog.get_logger(__name__)
_celery_log = get_logger(__name__)


class Consumer(CeleryConsumer):  # type: ignore[misc]  # Celery has no types
    """Celery's consumer after the message guard."""

    def create_task_handler(self, *args: object) -> Callable[[Message], None]:
        """The function that receives each message."""
        received: Callable[[Message], None] = super().create_task_handler(*args)
        if isinstance(self.task_consumer.channel, Channel):
            return received

        def on_task_received(message: Message) -> None:
            try:
                rebuild(message, self._queue_of(message))
            except Misrouted:
                rebuild(message, intake_guard.QUEUE)
                keep_in_database(message.headers["task"], message.body, message.headers["id"])
                message.ack_log_error(_celery_log, self.connection_errors)  # type: ignore[no-untyped-call]
            except Refused as refusal:
                self._refuse(message, refusal.problem)
            else:
                received(message)

        return on_task_received

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Called by Celery before it reconnects at once; if Redis refuses commands, that would be an endless loop."""
        super().on_connection_error_after_connected(exc)
        if isinstance(exc, ResponseError):
            _wait(trouble.begins(exc))

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        """Called by Celery for what only it finds wrong."""
        self._refuse(message, type(exc).__name__)

    def on_invalid_task(self, body: object, message: Message, exc: Exception) -> None:  # noqa: ARG002 - Celery's
        """Called by Celery for what only it finds wrong."""
        self._refuse(message, type(exc).__name__)

    def on_unknown_message(self, body: object, message: Message) -> None:  # noqa: ARG002 - Celery's
        """Called by Celery for what only it finds wrong."""
        self._refuse(message, "it is not a task")

    def on_unknown_task(self, body: object, message: Message, exc: Exception) -> None:  # noqa: ARG002 - Celery's
        """Called by Celery for what only it finds wrong."""
        self._refuse(message, "its task is unknown")

    def _refuse(self, message: Message, problem: str) -> None:
        refusals.warning("message.refused", queue=self._queue_of(message), problem=problem)
        message.reject_log_error(_celery_log, self.connection_errors)  # type: ignore[no-untyped-call]

    def _queue_of(self, message: Message) -> str:
        """The queue a message was taken from, by its consumer tag: its own fields are not trusted."""
        names = {tag: name for name, tag in self.task_consumer._active_tags.items()}
        queue = names.get(message.delivery_info.get("consumer_tag"))
        # Without a tag the intake is assumed, if it is served: a message that may be an edit is kept.
        return str(
            queue or (intake_guard.QUEUE if intake_guard.QUEUE in names.values() else next(iter(names.values())))
        )


def rebuild(message: Message, queue: str) -> None:
    """Replace the content of a message by what the guards accept.

    Raises:
        Refused: it does not belong in the queue.
    """
    parts = Parts(
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=message.headers,
        properties=message.properties,
    )
    body = message.body.encode(errors="surrogatepass") if isinstance(message.body, str) else bytes(message.body or b"")
    redelivered = message.delivery_info.get("redelivered") is True
    trusted = read_parts(queue, parts, body, body, redelivered=redelivered)
    message.errors.clear()
    message.headers = trusted.headers()
    message.properties = {"correlation_id": trusted.message_id}
    message.body = trusted.body
    message.content_type, message.content_encoding = "application/json", "utf-8"
    message._decoded_cache = None


def _wait(seconds: float) -> None:
    """Wait in the main process, with heartbeats, and stop on request."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        beat()
        maybe_shutdown()
        time.sleep(min(left, SLICE_SECONDS))
