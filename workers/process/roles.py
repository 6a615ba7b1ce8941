"""Roles: which queues a worker serves, and how it acknowledges what it takes from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct


class Role(Struct, frozen=True):
    """A kind of worker. `acknowledges` is whether its messages must survive the worker that holds them."""

    name: str
    queue: str
    pool: str
    acknowledges: bool


ROLES = {
    role.name: role
    for role in (
        # A bell needs no acknowledgement: the row it rings for is in the database. One Redis command instead of nine.
        Role("commands", "commands", "prefork", acknowledges=False),
        # Whole submissions of producers without the database: until one is in the inbox, its message is all there is.
        Role("intake", "intake", "prefork", acknowledges=True),
        Role("materialization", "materialization", "prefork", acknowledges=True),
        # A worker of its own, because a model takes its time.
        Role("proposals", "proposals", "prefork", acknowledges=True),
        Role("reconcile", "reconcile", "solo", acknowledges=True),
        Role("upkeep", "upkeep", "solo", acknowledges=True),
    )
}


class BadQueuesError(Exception):
    """A worker cannot serve these queues; the sentence says why."""


class UnknownQueueError(BadQueuesError):
    """There is no such queue"""


class MixedRolesError(BadQueuesError):
    """These queues acknowledge differently, which is one setting of a process: start a worker for each."""


def transport_options(queues: Iterable[str], options: dict[str, Any]) -> dict[str, Any]:
    """The broker options for a worker that serves these queues.

    Raises:
        UnknownQueueError: one of them does not exist.
        MixedRolesError: some of the queues need acknowledgements and some do without.
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
