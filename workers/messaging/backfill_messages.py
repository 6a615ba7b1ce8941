"""Backfill messages: one for each item of a run, which only names it. A lost one is sent again: the item is a row."""

from __future__ import annotations

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import BatchPublishError

from workers.messaging.bell import Bell
from workers.messaging.broker_connections import BrokerConnections, describe, producing_app
from workers.messaging.broker_trouble import refusals
from workers.messaging.task_message import Envelope
from workers.process.task_names import BACKFILL_ITEM

QUEUE = "backfill"
# What waited longer was sent again by then, if it is still due.
EXPIRES_SECONDS = 3_600


class BackfillMessages:
    """Sends items to workers through one app. Never raises."""

    def __init__(self, app: Celery) -> None:
        self._connections = BrokerConnections(app)
        self._envelope = Envelope(app, BACKFILL_ITEM, QUEUE, expires=EXPIRES_SECONDS)
        self._bell = Bell(app)

    @classmethod
    def at(cls, broker_url: str) -> BackfillMessages:
        """For a process that only sends messages."""
        return cls(producing_app(broker_url))

    def send_all(self, items: Iterable[int]) -> bool:
        """Send items, in few round trips; return whether the broker took them all."""
        try:
            with self._connections.producer() as producer:
                self._envelope.send_all(producer, [(item,) for item in items])
        except self._connections.delivery_errors as error:
            refusals.warning("backfill.unheard", problem=describe(error))
            return False
        except BatchPublishError as error:
            refusals.warning("backfill.unheard", problem=describe(error))
            return False
        return True

    def waiting(self) -> int | None:
        """The number of messages in the queue; None where the broker does not respond."""
        try:
            with self._connections.channel() as channel:
                return int(channel.queue_declare(QUEUE, passive=True).message_count)
        except self._connections.no_such_queue:
            return 0  # nothing was sent since the broker started
        except self._connections.delivery_errors:
            return None

    def edits_waiting(self) -> int | None:
        """The number of bells in the queue of people's edits; None where the broker does not respond."""
        return self._bell.waiting()
