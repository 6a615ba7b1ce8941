"""Facts about a Redis broker: what it says about itself, and which of the commands we need it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from redis import SSLConnection, exceptions

from workers.process.roles import ROLES, Role

# Each command with harmless arguments: it is queued in a transaction that is discarded, which checks the permissions
# for the command, its keys and its channel, and runs nothing. {queue} stands for a queue.
_ALWAYS: tuple[tuple[str, ...], ...] = (
    ("PING",),
    ("LPUSH", "{queue}", ""),
    ("RPUSH", "{queue}", ""),
    ("BRPOP", "{queue}", "1"),
    ("RPOP", "{queue}"),
    ("LLEN", "{queue}"),
    ("EXISTS", "{queue}"),
    ("TYPE", "{queue}"),
    ("PUBLISH", "script:1", ""),
)
_ACKNOWLEDGED: tuple[tuple[str, ...], ...] = (
    ("HSET", "unacked", "tag", ""),
    ("HGET", "unacked", "tag"),
    ("HDEL", "unacked", "tag"),
    ("ZADD", "unacked_index", "0", "tag"),
    ("ZREM", "unacked_index", "tag"),
    ("ZRANGE", "unacked_index", "0", "0"),
    ("SET", "unacked_mutex", "", "NX", "PX", "1"),
    ("PTTL", "unacked_mutex"),
    ("EVALSHA", "0" * 40, "1", "unacked_mutex", ""),
)


class Broker(NamedTuple):
    """A Redis: the fields of INFO, empty where it may not be read, and the commands it does not permit."""

    info: Mapping[str, Any]
    denied: tuple[str, ...]
    encrypted: bool
    is_local: bool

    def number(self, name: str) -> int:
        """The number in a field of INFO; 0 without one."""
        value = self.info.get(name, 0)
        return value if isinstance(value, int) else 0


def read_broker(connection: Any, roles: Sequence[Role] = ()) -> Broker | None:
    """The facts about the broker of a kombu connection, for workers of some roles; None if it is no Redis.

    Raises:
        RedisError: it stopped answering.
    """
    client = getattr(connection.default_channel, "client", None)
    if client is None or connection.transport.driver_type != "redis":
        return None
    options = client.connection_pool.connection_kwargs
    host = str(options.get("host", ""))
    return Broker(
        info=_info(client),
        denied=_denied(client, roles or tuple(ROLES.values())),
        encrypted=issubclass(client.connection_pool.connection_class, SSLConnection),
        is_local="path" in options or host in ("localhost", "127.0.0.1", "::1"),
    )


def _info(client: Any) -> Mapping[str, Any]:
    try:
        info: Mapping[str, Any] = client.info()
    except exceptions.ResponseError:
        return {}
    return info


def _denied(client: Any, roles: Sequence[Role]) -> tuple[str, ...]:
    commands = [[word.format(queue=role.queue) for word in command] for role in roles for command in _ALWAYS]
    if any(role.acknowledges for role in roles):
        commands += [list(command) for command in _ACKNOWLEDGED]
    connection = client.connection_pool.get_connection()
    try:
        if not _is_permitted(connection, ["MULTI"]):
            return ("MULTI",)
        return tuple(dict.fromkeys(command[0] for command in commands if not _is_permitted(connection, command)))
    finally:
        # Without DISCARD: what is queued on a connection that ends is never run.
        connection.disconnect()
        client.connection_pool.release(connection)


def _is_permitted(connection: Any, command: list[str]) -> bool:
    connection.send_command(*command)
    try:
        connection.read_response()
    except exceptions.NoPermissionError:
        return False
    except exceptions.ResponseError:
        return True  # refused for another reason, like a full memory, which other checks report
    return True
