"""The bell: a message that only names a script. It may be lost or late; the inbox row it rings for is durable."""

from __future__ import annotations

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import ContentDisallowed, DecodeError
from kombu.message import Message

from repos.fault_points import fault_point
from workers.messaging.broker_connections import BrokerConnections, describe, producing_app
from workers.messaging.task_message import Envelope
from workers.process import outages
from workers.process.task_names import DRAIN

QUEUE = "commands"
# Raised by kombu for a malformed message, which is lost then.
NO_MESSAGE: tuple[type[Exception], ...] = (ValueError, KeyError, TypeError, RecursionError)
# Raised for the content of a message that is not a bell.
UNREADABLE: tuple[type[Exception], ...] = (*NO_MESSAGE, IndexError, AttributeError, ContentDisallowed, DecodeError)


class Bell:
    """Rings for scripts through one app. Never raises, and never blocks longer than half a second."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connections = BrokerConnections(app)
        self._envelopes: dict[str, Envelope] = {}

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        """Send a bell for a script with pending submissions; return whether the broker took it."""
        fault_point("before bell rung")
        try:
            with self._connections.producer() as producer:
                self._envelope(task).send(producer, script_id)
        except self._connections.delivery_errors as error:
            outages.broker().failed(describe(error))
            return False
        outages.broker().answered()
        fault_point("after bell rung")
        return True

    def ring_all(self, script_ids: Iterable[int]) -> bool:
        """Send a bell for each of several scripts, in few round trips; return whether the broker took them all."""
        try:
            with self._connections.producer() as producer:
                self._envelope(DRAIN).send_all(producer, [(script_id,) for script_id in script_ids])
        except self._connections.delivery_errors as error:
            outages.broker().failed(describe(error))
            return False
        outages.broker().answered()
        return True

    def take(self, limit: int) -> list[int]:
        """Take up to `limit` more drain bells from the queue; return their scripts.

        They are not acknowledged later, like every bell: if this process dies first, the reconciler rings again.
        """
        scripts: list[int] = []
        try:
            with self._connections.channel() as channel:
                while len(scripts) < limit and (message := channel.basic_get(QUEUE, no_ack=True)) is not None:
                    script_id = _rung_for(message)
                    if script_id is None:
                        self._put_back(message)
                        break
                    scripts.append(script_id)
        except (*self._connections.delivery_errors, *NO_MESSAGE) as error:
            outages.broker().failed(type(error).__name__)
        return scripts

    def waiting(self) -> int | None:
        """The number of bells in the queue; None where the broker does not respond."""
        try:
            with self._connections.channel() as channel:
                return int(channel.queue_declare(QUEUE, passive=True).message_count)
        except self._connections.no_such_queue:
            return 0  # no bell was sent since the broker started
        except self._connections.delivery_errors:
            return None

    def _put_back(self, message: Message) -> None:
        """Requeue a message that is not a drain bell, unchanged, so that Celery handles or rejects it."""
        with self._connections.producer() as producer:
            producer.publish(  # type: ignore[no-untyped-call]  # kombu has no types
                message.body,
                exchange="",
                routing_key=QUEUE,
                content_type=message.content_type,
                content_encoding=message.content_encoding,
                headers=message.headers,
                correlation_id=message.properties.get("correlation_id"),
                retry=False,
            )

    def _envelope(self, task: str) -> Envelope:
        return self._envelopes.setdefault(task, Envelope(self._app, task, QUEUE))


def _rung_for(message: Message) -> int | None:
    """The script of a drain bell; None for any other message."""
    try:
        (script_id,) = message.payload[0]
        is_bell = message.headers.get("task") == DRAIN and type(script_id) is int
    except UNREADABLE:
        return None
    return script_id if is_bell else None


class LoneBell(Bell):
    """A bell with an app of its own; `delivered` is whether the broker took the last one."""

    def __init__(self, broker_url: str) -> None:
        super().__init__(producing_app(broker_url))
        self.delivered = True

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        """Send a bell for a script with pending submissions; return whether the broker took it."""
        self.delivered = super().ring(script_id, task)
        return self.delivered

    def ring_all(self, script_ids: Iterable[int]) -> bool:
        """Send a bell for each of several scripts; return whether the broker took them all."""
        self.delivered = super().ring_all(script_ids)
        return self.delivered
