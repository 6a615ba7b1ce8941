"""Whether a Redis takes messages: one that is full, a replica or without its replicas answers, and refuses them."""

from __future__ import annotations

from typing import Any

from redis import exceptions

from workers.messaging.broker_trouble import code_of
from workers.process.roles import ROLES

# Redis refuses what it would not run already when it is queued in a transaction.
_BEGIN, _MESSAGE = ("MULTI",), ("LPUSH", ROLES["commands"].queue, "")


def write_refusal(connection: Any) -> str:
    """The code of the error with which the Redis of a kombu connection refuses messages; empty if it takes them.

    Nothing is sent: the transaction ends with the connection. Of another broker nothing is known.

    Raises:
        RedisError: it stopped answering.
    """
    if connection.transport.driver_type != "redis":
        return ""
    pool = connection.default_channel.client.connection_pool
    taken = pool.get_connection()
    try:
        taken.send_command(*_BEGIN)
        if taken.read_response() == b"OK":
            taken.send_command(*_MESSAGE)
            taken.read_response()
    except exceptions.ResponseError as refused:
        return code_of(refused)
    finally:
        taken.disconnect()
        pool.release(taken)
    return ""
