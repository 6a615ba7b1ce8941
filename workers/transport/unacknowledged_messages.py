"""Unacknowledged messages: depending on the worker's role, recorded in Redis until they are acknowledged.

When Redis refuses to record, delete or restore a message, kombu exits the worker and loses the message.
"""

from __future__ import annotations

from queue import Empty
from typing import Any

import msgspec
from kombu.transport import redis, virtual
from redis import exceptions

from workers.messaging.broker_trouble import refusals
from workers.transport import intake_guard
from workers.transport.intake_rescue import keep_in_database
from workers.transport.message_guard import QUEUES
from workers.transport.redis_keys import free_mutex
from workers.transport.trusted_message import Envelope, small

_read_record = msgspec.json.Decoder(tuple[Envelope, msgspec.Raw, str]).decode


class Recorded(redis.QoS):
    """Messages that are recorded in Redis until they are acknowledged, unless Redis refuses."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Record a message that was taken from its queue, before its task runs."""
        try:
            super().append(message, delivery_tag)
        except self.channel.connection_errors as error:
            # It is neither in its queue nor recorded: this process has the only copy.
            if kept_elsewhere(message):
                if not isinstance(error, exceptions.ResponseError):
                    raise
                self.channel.refused(error)
                raise Empty from None
            if not isinstance(error, exceptions.ResponseError):
                raise
            self.channel.refused(error)
            virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Delete the record of a message; if Redis refuses, it is redelivered, which is idempotent."""
        try:
            self._forget(delivery_tag)
        finally:
            self._finish(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Restore a message to its queue, or delete its record; if Redis refuses, it is redelivered later."""
        try:
            if requeue:
                self.restore_by_tag(delivery_tag, leftmost=True)
            else:
                self._forget(delivery_tag)
        except exceptions.ResponseError as error:
            self.channel.refused(error)
        finally:
            self._finish(delivery_tag)

    def _finish(self, delivery_tag: str) -> None:
        """Count a message as done, also where the connection is lost.

        A worker with as many messages as it may have does not poll. It would never notice the loss, and take no more.
        """
        virtual.QoS.ack(self, delivery_tag)

    def _forget(self, delivery_tag: str) -> None:
        # Without MULTI, in which a full Redis refuses every command, and would stay full.
        try:
            with self.channel.conn_or_acquire() as client:
                pipeline = client.pipeline(transaction=False)
                pipeline.zrem(self.unacked_index_key, delivery_tag).hdel(self.unacked_key, delivery_tag).execute()
        except exceptions.ResponseError as error:
            self.channel.refused(error)

    def restore_visible(self, *args: Any, **options: Any) -> None:
        """Restore messages past their visibility timeout: their worker has probably died."""
        try:
            with self.channel.conn_or_acquire() as client:
                free_mutex(client, self.unacked_mutex_key)
            super().restore_visible(*args, **options)
        except exceptions.ResponseError as error:
            self.channel.refused(error)

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """Restore one message to its queue, rebuilt; an invalid one goes to the intake and becomes a dead letter."""

        def restored(pipe: Any) -> None:
            record = pipe.hget(self.unacked_key, tag)
            pipe.multi()
            self._remove_from_indices(tag, pipe)
            if record:
                queue, item = take_apart(record)
                (pipe.lpush if leftmost else pipe.rpush)(queue, item)

        with self.channel.conn_or_acquire(client) as connection:
            connection.transaction(restored, self.unacked_key)

    def restore_unacked(self, client: Any = None) -> None:
        """Restore the remaining messages when this process stops."""
        try:
            super().restore_unacked(client)
        except self.channel.connection_errors as error:
            refusals.warning("broker.not_given_back", messages=len(self._delivered), problem=type(error).__name__)
            self._delivered.clear()


class Unrecorded(virtual.QoS):
    """Bells, which are not recorded: a lost bell is rung again."""

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Requeue a bell, or drop it."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        except exceptions.ResponseError as error:
            self.channel.refused(error)
            self._quick_ack(delivery_tag)

    def restore_unacked(self) -> list[Any]:
        """Requeue the remaining bells when this process stops; kombu would write those that fail into a file."""
        try:
            for message in self._delivered.values():
                self.channel._put(message.delivery_info["routing_key"], message._raw)
        except self.channel.connection_errors as error:
            refusals.warning("broker.not_given_back", messages=len(self._delivered), problem=type(error).__name__)
        self._delivered.clear()
        return []


def take_apart(kept: bytes) -> tuple[str, bytes]:
    """The queue of a recorded message, and the entry to restore there.

    A record that cannot be read goes to the intake, which keeps it as a dead letter: it may be an edit.
    """
    try:
        message, _, queue = _read_record(kept)
        properties = small(message.properties)
        if queue not in QUEUES or not isinstance(properties, dict):
            return intake_guard.QUEUE, kept
        info = {"exchange": "", "routing_key": queue, "redelivered": True}
        changed = msgspec.json.encode({**properties, "delivery_info": info})
        return queue, msgspec.json.encode(msgspec.structs.replace(message, properties=msgspec.Raw(changed)))
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return intake_guard.QUEUE, kept


def kept_elsewhere(message: Any) -> bool:
    """Store a message of the intake in the database; return whether it was one."""
    if message.delivery_info["routing_key"] != intake_guard.QUEUE:
        return False
    keep_in_database(message.headers["task"], message.body, message.headers["id"])
    return True
