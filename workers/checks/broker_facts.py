"""Facts about a Redis broker: what it says about itself, and which of the commands we need it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
# Beat sends ticks, and looks whether they are taken.
_OF_BEAT: tuple[tuple[str, ...], ...] = (("PING",), ("LPUSH", "{queue}", ""), ("LLEN", "{queue}"))
_TICKED = ("reconcile", "upkeep")


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


def read_broker(connection: Any, roles: Sequence[Role] = (), *, for_beat: bool = False) -> Broker | None:
    """The facts about the broker of a kombu connection, for workers of some roles or for beat; None if it is no Redis.

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
        denied=_denied(client, _needed_by_beat() if for_beat else _needed(roles or tuple(ROLES.values()))),
        encrypted=issubclass(client.connection_pool.connection_class, SSLConnection),
        is_local="path" in options or host in ("localhost", "127.0.0.1", "::1"),
    )


def _info(client: Any) -> Mapping[str, Any]:
    try:
        info: Mapping[str, Any] = client.info()
    except exceptions.ResponseError:
        return {}
    return info


def _needed(roles: Sequence[Role]) -> list[list[str]]:
    commands = [[word.format(queue=role.queue) for word in command] for role in roles for command in _ALWAYS]
    if any(role.acknowledges for role in roles):
        commands += [list(command) for command in _ACKNOWLEDGED]
    return commands


def _needed_by_beat() -> list[list[str]]:
    return [[word.format(queue=ROLES[name].queue) for word in command] for name in _TICKED for command in _OF_BEAT]


def _denied(client: Any, commands: Sequence[Sequence[str]]) -> tuple[str, ...]:
    connection = client.connection_pool.get_connection()
    try:
        return tuple(_denied_in_transaction(connection, commands))
    finally:
        # Without DISCARD: what is queued on a connection that ends is never run.
        connection.disconnect()
        client.connection_pool.release(connection)


def _denied_in_transaction(connection: Any, commands: Sequence[Sequence[str]]) -> Iterator[str]:
    begun = _answer(connection, ["MULTI"])
    if isinstance(begun, exceptions.NoPermissionError):
        yield "MULTI"
    if begun != b"OK":
        return  # without a transaction, the commands would run
    denied = dict.fromkeys(
        command[0] for command in commands if isinstance(_answer(connection, command), exceptions.NoPermissionError)
    )
    yield from denied


def _answer(connection: Any, command: Sequence[str]) -> Any:
    """The answer to a command; an error that is none of the connection is an answer, too."""
    connection.send_command(*command)
    try:
        return connection.read_response()
    except exceptions.ResponseError as refused:
        return refused  # for another reason than a permission, like a full memory: other checks report it
