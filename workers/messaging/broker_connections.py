"""Broker connections for sending bells: a pool of its own with short timeouts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

from celery import Celery
from kombu.connection import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.messaging import Producer
from kombu.pools import connections, producers, set_limit

from workers.celery_settings import celery_settings

# The timeout of each read from the broker. A producer's request can spare half a second in all.
BROKER_TIMEOUT_SECONDS = 0.2
SHORT_TIMEOUTS = {
    "socket_timeout": BROKER_TIMEOUT_SECONDS,
    "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
    # By default kombu retries for six seconds to connect to a broker that refuses.
    "max_retries": 0,
}


def producing_app(broker_url: str) -> Celery:
    """A Celery app for a process that only sends messages."""
    app = Celery("scriptledger", broker=broker_url, set_as_current=False)
    app.config_from_object(celery_settings)
    return app


def forget_connections() -> None:
    """Discard kombu's connections from before a fork without closing them: the parent still uses them."""
    producers.clear()
    connections.clear()


def describe(error: Exception) -> str:
    """The text of an error from a broker that did not take a message, for the log."""
    if isinstance(error, LimitExceeded):
        return f"all {error} connections of this process to the broker were taken"
    return str(error) or type(error).__name__


class BrokerConnections:
    """Connections to the broker of one app, pooled by kombu. The app's own would wait 15 s for a broker that hangs."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def producer(self) -> AbstractContextManager[Producer]:
        """A producer, for a block."""
        acquired: AbstractContextManager[Producer] = producers[self._broker].acquire(
            block=True, timeout=BROKER_TIMEOUT_SECONDS
        )
        return acquired

    @contextmanager
    def channel(self) -> Iterator[Any]:
        """A channel of a connection, for a block."""
        with connections[self._broker].acquire(block=True, timeout=BROKER_TIMEOUT_SECONDS) as connection:
            yield connection.default_channel

    @property
    def no_such_queue(self) -> tuple[type[Exception], ...]:
        """The errors of a broker that responds, but does not know the queue."""
        return tuple(self._broker.channel_errors)

    @property
    def delivery_errors(self) -> tuple[type[Exception], ...]:
        """The errors of a broker that does not take a message, or does not respond."""
        broker = self._broker
        return (*broker.connection_errors, *broker.channel_errors, OperationalError, LimitExceeded, OSError)

    @cached_property
    def _broker(self) -> Connection:
        # Celery sets this limit on first use of the app's own pool, which a process that only rings never uses.
        set_limit(self._app.conf.broker_pool_limit)  # type: ignore[no-untyped-call]  # kombu has no types
        broker: Connection = self._app.connection_for_write(
            connect_timeout=BROKER_TIMEOUT_SECONDS, transport_options=SHORT_TIMEOUTS
        )
        return broker
