"""The Redis transport of a worker. Kombu's own trusts the content of Redis, and exits when Redis refuses a command.

Here `workers.transport.message_guard` validates and rebuilds each message before any other code reads it. A Redis that
refuses commands (it is full, read-only or loading, or a key has the wrong type) counts as unavailable: the worker
waits for it.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

import celery.app.amqp
from kombu import connection
from kombu.transport import redis, virtual
from kombu.utils.encoding import bytes_to_str
from redis import exceptions

from workers.messaging.broker_trouble import refusals, trouble
from workers.transport import intake_guard
from workers.transport.event_guard import EXCHANGE, as_message, read_events
from workers.transport.intake_rescue import keep_in_database
from workers.transport.message_guard import QUEUES, read_item
from workers.transport.redis_keys import make_way
from workers.transport.trusted_message import Expired, Misrouted, Refused, Trusted
from workers.transport.unacknowledged_messages import Recorded, Unrecorded

MAX_REFUSED_IN_A_ROW = 100
MAX_RESTORED = 1_000
# Of a broker that does not answer; in seconds.
RETRY_PAUSES = {"interval_start": 1, "interval_step": 1, "interval_max": 4}


class Channel(redis.Channel):
    """A channel that delivers only rebuilt messages, and survives refused commands."""

    QoS: Any = Recorded
    unacked_restore_limit: Any = MAX_RESTORED
    _in_poll: Any
    _in_listen: Any
    _not_before = 0.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.ack_emulation:
            self.QoS = Unrecorded

    def refused(self, error: exceptions.ResponseError) -> float:
        """Record a refusal, and repair keys of the wrong type; return how many seconds to wait before a retry."""
        pause = trouble.begins(error)
        if str(error).startswith("WRONGTYPE"):
            with suppress(exceptions.ResponseError), self.conn_or_acquire() as client:
                make_way(client)
        return pause

    def _brpop_start(self, timeout: float | None = None) -> None:
        if monotonic() >= self._not_before:
            super()._brpop_start(timeout)

    def _brpop_read(self, **options: Any) -> bool:
        used = self.client.connection
        try:
            try:
                popped = self.client.parse_response(used, "BRPOP", **options)
            except exceptions.ResponseError as error:
                self._not_before = monotonic() + self.refused(error)
                # Reconnect, because another server may be there by now: that resolves the name and queries Sentinel.
                used.disconnect()
                self.pool.disconnect()
                raise Empty from None
            except self.connection_errors:
                used.disconnect()
                raise
            trouble.ends()
            if not popped:
                raise Empty
            name, item = popped
            queue = bytes_to_str(name).rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            message = self._rebuilt(queue, item)
            if message is None:
                raise Empty
            self.connection._deliver(message, queue)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ARG002 - kombu's
        with self.conn_or_acquire() as client:
            for _ in range(MAX_REFUSED_IN_A_ROW):
                item = client.rpop(queue)
                if item is None:
                    break
                if (message := self._rebuilt(queue, item)) is not None:
                    return message
        raise Empty

    def _rebuilt(self, queue: str, item: bytes) -> dict[str, Any] | None:
        """The message in an entry of a queue; None where it is refused."""
        if queue not in QUEUES:
            refusals.warning("message.refused", queue="another", problem="this program has no such queue")
            return None
        try:
            return as_raw(queue, read_item(queue, item))
        except Misrouted:
            self._put_right(item)
        except Expired:
            pass
        except Refused as refusal:
            refusals.warning("message.refused", queue=queue, problem=refusal.problem)
        except Exception as error:  # any error of a decoder: a message must not crash the worker
            refusals.warning("message.refused", queue=queue, problem=type(error).__name__)
            if queue == intake_guard.QUEUE:
                return as_raw(queue, intake_guard.scrap(item, "it cannot be read"))
        return None

    def _put_right(self, item: bytes) -> None:
        """Move a message of the intake into its queue, or into the database if Redis refuses."""
        try:
            with self.conn_or_acquire() as client:
                client.lpush(intake_guard.QUEUE, item)
            refusals.warning("message.put_right", queue=intake_guard.QUEUE)
        except self.connection_errors:
            trusted = read_item(intake_guard.QUEUE, item)
            keep_in_database(trusted.task, trusted.body, trusted.message_id)

    def _receive_one(self, client: Any) -> bool:
        try:
            response = client.parse_response()
        except self.connection_errors:
            self._in_listen = None
            raise
        if isinstance(response, list | tuple):
            message = self._handle_message(client, response)
            events = read_events(message["data"]) if isinstance(message["data"], bytes) else []
            if events and EXCHANGE in self._fanout_to_queue:
                return bool(self._deliver_fanout_message(as_message(events), EXCHANGE))
        raise Empty

    # Queues are found by name alone, so no binding table in Redis has to be valid or written.
    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:  # noqa: ARG002 - kombu's
        if self.typeof(exchange).type == "fanout":
            self._fanout_queues[queue] = (exchange, routing_key.replace("#", "*"))

    def get_table(self, exchange: str) -> Any:
        """The bindings declared by this process."""
        return virtual.Channel.get_table(self, exchange)

    def maybe_refresh_binding_expiry(self) -> None:
        """Do nothing: there are no bindings in Redis that could expire."""

    # Without MULTI and EXEC, in which a full Redis refuses reads too.
    def _size(self, queue: str) -> int:
        try:
            with self.conn_or_acquire() as client:
                return int(client.llen(queue))
        except exceptions.ResponseError as error:
            if not str(error).startswith("WRONGTYPE"):
                raise
            self.refused(error)
            return 0

    def _has_queue(self, queue: str, **_: Any) -> bool:
        with self.conn_or_acquire() as client:
            return bool(client.exists(queue))


class SentinelChannel(Channel, redis.SentinelChannel):
    """The same channel, for a Redis chosen by Sentinel."""


class Transport(redis.Transport):
    """A transport that treats a Redis that refuses commands as unavailable."""

    Channel = Channel
    connection_errors = (*redis.Transport.connection_errors, exceptions.ResponseError)


class SentinelTransport(redis.SentinelTransport):
    """The same transport, for a Redis chosen by Sentinel."""

    Channel = SentinelChannel
    connection_errors = Transport.connection_errors


class _OurTransports:
    """A mixin that gives kombu's connections our transports."""

    def get_transport_cls(self) -> Any:
        """The class of the transport."""
        original = super().get_transport_cls()  # type: ignore[misc]  # of kombu's connection
        return _OURS.get(original, original)


class Connection(_OurTransports, connection.Connection):
    """A connection, with a pool of the same kind. It returns soon after its broker: kombu's pauses grow to 30 s."""

    def ensure_connection(self, errback: Any = None, max_retries: int | None = None, **options: Any) -> Any:
        """Connect, with short pauses unless others are given."""
        return super().ensure_connection(errback, max_retries, **{**RETRY_PAUSES, **options})

    def Pool(self, limit: int | None = None, **options: Any) -> ConnectionPool:  # noqa: N802 - kombu's
        """A pool of such connections."""
        return ConnectionPool(self, limit, **options)


class PooledConnection(_OurTransports, connection.PooledConnection):
    """A connection of a pool."""


class ConnectionPool(connection.ConnectionPool):
    """A pool of our connections."""

    def new(self) -> PooledConnection:
        """A new connection."""
        return PooledConnection(self, **dict(self.connection._info(resolve=False)))


class AMQP(celery.app.amqp.AMQP):  # type: ignore[misc]
    """Celery's AMQP with our connections."""

    Connection = Connection


_OURS = {redis.Transport: Transport, redis.SentinelTransport: SentinelTransport}


def as_raw(queue: str, trusted: Trusted) -> dict[str, Any]:
    """A message in the form of kombu's channels. Its delivery tag is created here, so it is unique for any sender."""
    # Base64 for long bodies: a recorded message must not grow when redelivered, and JSON in JSON escapes the escapes.
    is_long = queue == intake_guard.QUEUE
    return {
        "body": b64encode(trusted.body).decode() if is_long else trusted.body.decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": trusted.headers(),
        "properties": {
            "correlation_id": trusted.message_id,
            "body_encoding": "base64" if is_long else "utf-8",
            "delivery_tag": str(uuid4()),
            "delivery_info": {"exchange": "", "routing_key": queue, "redelivered": trusted.redelivered},
        },
    }
