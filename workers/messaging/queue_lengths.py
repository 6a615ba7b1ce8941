"""Queue lengths: how many messages wait in each queue, read in one short connection."""

from __future__ import annotations

from typing import Any

from workers.messaging.broker_check import BrokerUnreachable, open_broker
from workers.process.roles import ROLES


def queue_lengths(broker_url: str) -> dict[str, int]:
    """The number of messages in the queue of each role.

    Raises:
        BrokerUnreachable: the broker did not answer.
    """
    with open_broker(broker_url) as connection:
        try:
            return {role.queue: _length(connection, role.queue) for role in ROLES.values()}
        except (*connection.connection_errors, *connection.channel_errors, OSError) as error:
            raise BrokerUnreachable(str(error).rstrip(".") or type(error).__name__) from error


def _length(connection: Any, queue: str) -> int:
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
