"""Roles of workers: the queues that each serves, and how it acknowledges their messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct


class Role(Struct, frozen=True):
    """A role of a worker. `acknowledges` is whether its messages must survive a dead worker."""

    name: str
    queue: str
    pool: str
    acknowledges: bool


ROLES = {
    role.name: role
    for role in (
        # Bells need no acknowledgement: the row is in the database. This takes one Redis command instead of nine.
        Role("commands", "commands", "prefork", acknowledges=False),
        # Whole submissions of producers without database access: until it is in the inbox, a message is the only copy.
        Role("intake", "intake", "prefork", acknowledges=True),
        Role("materialization", "materialization", "prefork", acknowledges=True),
        # A separate worker, because a model is slow.
        Role("proposals", "proposals", "prefork", acknowledges=True),
        # A separate worker, because a legacy database may be slow, and is left alone by stopping the worker.
        Role("backfill", "backfill", "prefork", acknowledges=True),
        Role("reconcile", "reconcile", "solo", acknowledges=True),
        Role("upkeep", "upkeep", "solo", acknowledges=True),
    )
}


def roles_of(queues: Iterable[str]) -> list[Role]:
    """The roles that serve some queues; a queue that does not exist has none."""
    wanted = set(queues)
    return [role for role in ROLES.values() if role.queue in wanted]


class BadQueuesError(Exception):
    """A worker cannot serve these queues; the message gives the reason."""


class UnknownQueueError(BadQueuesError):
    """There is no such queue"""


class MixedRolesError(BadQueuesError):
    """These queues acknowledge differently, which is one setting of a process: start a worker for each."""


def transport_options(queues: Iterable[str], options: dict[str, Any]) -> dict[str, Any]:
    """The broker options for a worker that serves these queues.

    Raises:
        UnknownQueueError: one of them does not exist.
        MixedRolesError: some of the queues need acknowledgements and others do not.
    """
    wanted = set(queues)
    roles = {role.queue: role for role in ROLES.values()}
    if unknown := wanted - roles.keys():
        raise UnknownQueueError(
            f"{', '.join(sorted(unknown))}: {UnknownQueueError.__doc__}; there are {', '.join(roles)}."
        )
    modes = {roles[queue].acknowledges for queue in wanted}
    if len(modes) > 1:
        raise MixedRolesError(f"{', '.join(sorted(wanted))}: {MixedRolesError.__doc__}")
    return options if modes != {False} else {**options, "ack_emulation": False}
