"""The command lines of workers, beat and Flower. Each becomes a process of its own, which builds everything itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from workers.process.roles import Role

# An idle worker ends at once and a busy one within its soft time-out; Celery's warm shutdown stalls busy prefork
# for half a minute. Celery reads this when it is imported.
ENVIRON = {"REMAP_SIGTERM": "SIGQUIT"}

# What Flower is told in its environment: on a command line everybody on the machine could read the password.
FLOWER_PASSWORD = "SCRIPTLEDGER_FLOWER_PASSWORD"  # noqa: S105 - the name of a variable
FLOWER_ADDRESS = "SCRIPTLEDGER_FLOWER_ADDRESS"
FLOWER_LISTENING = "SCRIPTLEDGER_FLOWER_LISTENING"
FLOWER_USER = "scriptledger"
FLOWER_READY = "Flower is ready."

BEAT = "--beat"
EVENTS = "--task-events"


def worker_command(
    role: Role,
    *,
    also: Sequence[Role] = (),
    pool: str | None = None,
    concurrency: int = 2,
    flags: Sequence[str] = (),
) -> list[str]:
    """The command line of a worker for one role, as it is when this process starts or becomes it.

    `also` are roles that it serves beside. `flags` are Celery's: with `BEAT` it sends the ticks of the schedule too,
    with `EVENTS` it tells of its tasks, for Flower.
    """
    pool = pool or role.pool
    return [
        *_CELERY,
        "worker",
        f"--queues={','.join(each.queue for each in (role, *also))}",
        f"--pool={pool}",
        # A solo worker is one process whatever is asked for, but would take a message ahead for each.
        f"--concurrency={1 if pool == 'solo' else concurrency}",
        f"--hostname={role.name}-{os.getpid()}@%h",
        "--loglevel=INFO",
        # Neither finds other workers nor follows them: the database is what they have in common.
        "--without-gossip",
        "--without-mingle",
        *flags,
    ]


def beat_command() -> list[str]:
    """The command line of the process that sends the ticks of the schedule."""
    return [*_CELERY, "beat", "--loglevel=INFO"]


def flower_command() -> list[str]:
    """The command line of Flower, which reads the rest from its environment."""
    return [sys.executable, "-m", "workers.flower"]


def become(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Turn this process into a worker or beat: signals then reach Celery and nothing in between."""
    sys.stdout.flush()
    os.execve(command[0], list(command), {**os.environ, **ENVIRON, **environ})  # noqa: S606 - a list of our own making


_CELERY = (sys.executable, "-m", "celery", "-A", "workers.app")
