"""Queues of the broker: how many messages wait in each, and whether it takes more, read in one short connection."""

from __future__ import annotations

from typing import Any, NamedTuple

from workers.messaging.broker_check import BrokerUnreachable, open_broker
from workers.messaging.broker_writes import write_refusal
from workers.process.roles import ROLES


class Queues(NamedTuple):
    """The number of messages in each queue, and the error code with which others are refused, if they are."""

    lengths: dict[str, int]
    refusal: str = ""


def read_queues(broker_url: str) -> Queues:
    """The queues of every role.

    Raises:
        BrokerUnreachable: the broker did not answer.
    """
    with open_broker(broker_url) as connection:
        try:
            lengths = {role.queue: _length(connection, role.queue) for role in ROLES.values()}
            return Queues(lengths, write_refusal(connection))
        except (*connection.connection_errors, *connection.channel_errors, OSError) as error:
            raise BrokerUnreachable(str(error).rstrip(".") or type(error).__name__) from error


def _length(connection: Any, queue: str) -> int:
    if connection.transport.driver_type == "redis":
        # A full Redis refuses kombu's way, a transaction, whatever is in it. No message of ours has a priority.
        return int(connection.default_channel.client.llen(queue))
    # A channel of its own: one on which a queue was missing is closed.
    with connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors as error:
            if _is_missing(error):
                return 0  # nothing was sent since the broker started
            raise


def _is_missing(error: Exception) -> bool:
    # Of a broker, or of kombu's Redis transport, which has the code as text.
    return str(getattr(error, "reply_code", "")) == "404" or type(error).__name__ == "NotFound"
