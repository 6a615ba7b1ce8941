"""The line of those who ring to the broker: connections of their own, which wait for nobody longer than they must."""

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

BROKER_TIMEOUT_SECONDS = 0.2
"""How long to wait for each word of the broker. Half a second in all is what a producer's request can spare."""
HURRIED = {
    "socket_timeout": BROKER_TIMEOUT_SECONDS,
    "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
    # By default kombu tries for six seconds to connect to a broker that refuses.
    "max_retries": 0,
}


def producing_app(broker_url: str) -> Celery:
    """An app for a process that only produces."""
    app = Celery("scriptledger", broker=broker_url, set_as_current=False)
    app.config_from_object("celeryconfig")
    return app


def forget_connections() -> None:
    """Forget kombu's connections of before a fork, without a word to a broker that still talks to the parent."""
    producers.clear()
    connections.clear()


def describe(error: Exception) -> str:
    """What to say of a broker that did not take a message."""
    if isinstance(error, LimitExceeded):
        return f"all {error} connections of this process to the broker were taken"
    return str(error) or type(error).__name__


class BrokerConnections:
    """Connections to the broker of one app, pooled by kombu: the app's own wait 15 seconds for a broker that hangs."""

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
        """What is raised where the broker answers, and does not know what it is asked about."""
        return tuple(self._broker.channel_errors)

    @property
    def unheard(self) -> tuple[type[Exception], ...]:
        """What is raised where the broker does not take a message, or does not answer."""
        broker = self._broker
        return (*broker.connection_errors, *broker.channel_errors, OperationalError, LimitExceeded, OSError)

    @cached_property
    def _broker(self) -> Connection:
        # Celery says so only when the app's own pool is first used, which is never in a process that only rings.
        set_limit(self._app.conf.broker_pool_limit)  # type: ignore[no-untyped-call]  # kombu has no types
        broker: Connection = self._app.connection_for_write(
            connect_timeout=BROKER_TIMEOUT_SECONDS, transport_options=HURRIED
        )
        return broker
