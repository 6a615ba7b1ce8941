"""Whether a Redis takes messages: one that is full, a replica or without its replicas answers, and refuses them."""

from __future__ import annotations

from typing import Any

from redis import exceptions

from workers.messaging.broker_trouble import code_of
from workers.process.roles import ROLES

# The queue of the bells.
BELLS = ROLES["commands"].queue


def write_refusal(connection: Any, queue: str = BELLS) -> str:
    """The code of the error with which the Redis of a kombu connection refuses messages; empty if it takes them.

    The queue is one that the account needs: others may be denied to it. Nothing is sent: the transaction ends with the
    connection. Of another broker, and of a Redis without transactions, nothing is known.

    Raises:
        RedisError: it stopped answering.
    """
    if connection.transport.driver_type != "redis":
        return ""
    pool = connection.default_channel.client.connection_pool
    taken = pool.get_connection()
    try:
        begun = _answer(taken, "MULTI")
        if begun != b"OK":
            # Without a transaction, the message would be sent.
            return code_of(begun) if isinstance(begun, exceptions.NoPermissionError) else ""
        # Redis refuses what it would not run already when it is queued.
        answer = _answer(taken, "LPUSH", queue, "")
        return code_of(answer) if isinstance(answer, exceptions.ResponseError) else ""
    finally:
        taken.disconnect()
        pool.release(taken)


def _answer(taken: Any, *command: str) -> Any:
    taken.send_command(*command)
    try:
        return taken.read_response()
    except exceptions.ResponseError as refused:
        return refused
