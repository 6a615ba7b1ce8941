"""Task messages built from a template, so that sending another one costs a copy.

Celery's work for each message (routes, signals, names, representations of arguments) is the same for all messages of
one task. A batch is sent in one round trip.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from celery import Celery
from kombu.messaging import Producer

# Messages in a round trip.
BATCH = 500


class Envelope:
    """A template for the messages of one task in one queue; each expires after `expires` seconds."""

    def __init__(self, app: Celery, task: str, queue: str, *, expires: float | None = None) -> None:
        self._app = app
        self._task = task
        self._queue = queue
        self._expires = expires

    def send(self, producer: Producer, *args: int) -> None:
        """Send one message with these ids as its arguments."""
        self._publish(producer, args, self._expiry())

    def send_all(self, producer: Producer, many: Iterable[tuple[int, ...]]) -> None:
        """Send many, `BATCH` in a round trip; after an error it is unknown which were sent."""
        expires = self._expiry()
        with producer.batch(BATCH):  # type: ignore[no-untyped-call]  # kombu has no types
            for args in many:
                self._publish(producer, args, expires)

    def _publish(self, producer: Producer, args: tuple[int, ...], expires: str | None) -> None:
        task_id = str(uuid4())
        shown = f"({args[0]},)" if len(args) == 1 else str(args)
        ids = {"id": task_id, "root_id": task_id, "argsrepr": shown, "expires": expires}
        headers, properties, options = self._made
        # The default exchange routes by the name of the queue, without a lookup of bindings.
        producer.publish(  # type: ignore[no-untyped-call]  # kombu has no types
            (args, {}, options),
            exchange="",
            routing_key=self._queue,
            serializer="json",
            headers={**headers, **ids},
            correlation_id=task_id,
            delivery_mode=2,
            retry=False,
            **properties,
        )

    @cached_property
    def _made(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        message = self._app.amqp.as_task_v2("", self._task, argsrepr="", kwargsrepr="{}", ignore_result=True)
        properties = {name: value for name, value in message.properties.items() if name != "correlation_id"}
        return message.headers, properties, message.body[2]

    def _expiry(self) -> str | None:
        if self._expires is None:
            return None
        return (datetime.now(UTC) + timedelta(seconds=self._expires)).isoformat()
