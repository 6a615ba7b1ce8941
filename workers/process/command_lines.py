"""The command lines of workers, beat, Flower and the HTTP server.

Each runs in its own process, which builds everything itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from workers.process.roles import Role

# With this, an idle worker stops at once and a busy one within its soft timeout; Celery's warm shutdown stalls a busy
# prefork worker for half a minute. Celery reads the variable when it is imported.
ENVIRON = {"REMAP_SIGTERM": "SIGQUIT"}

# Flower's settings are in its environment: every user of the machine could read a password on a command line.
FLOWER_PASSWORD = "SCRIPTLEDGER_FLOWER_PASSWORD"  # noqa: S105 - the name of a variable
FLOWER_ADDRESS = "SCRIPTLEDGER_FLOWER_ADDRESS"
FLOWER_LISTENING = "SCRIPTLEDGER_FLOWER_LISTENING"
FLOWER_USER = "scriptledger"
FLOWER_READY = "flower.ready"

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
    """The command line of a worker for one role, for this process to start or to exec.

    `also` are further roles it serves. `flags` are Celery's: with `BEAT` it also sends the ticks of the schedule, with
    `EVENTS` it sends events about its tasks, for Flower.
    """
    pool = pool or role.pool
    return [
        *_CELERY,
        "worker",
        f"--queues={','.join(served.queue for served in (role, *also))}",
        f"--pool={pool}",
        # A solo worker is always one process, but would prefetch a message for each of a higher number.
        f"--concurrency={1 if pool == 'solo' else concurrency}",
        # A name that stays the same after a restart, in Flower too.
        f"--hostname={role.name}@%h",
        # Workers neither discover nor follow each other: they coordinate through the database.
        "--without-gossip",
        "--without-mingle",
        *flags,
    ]


def beat_command() -> list[str]:
    """The command line of the process that sends the ticks of the schedule."""
    return [*_CELERY, "beat"]


def flower_command() -> list[str]:
    """The command line of Flower, which reads the rest from its environment."""
    return [*_PYTHON, "workers.flower"]


def serve_command() -> list[str]:
    """The command line of the HTTP server, which reads the rest from its environment."""
    return [*_PYTHON, "workers.http.server"]


def become(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Replace this process by one of these, so that signals reach it directly."""
    sys.stdout.flush()
    os.execve(command[0], list(command), {**os.environ, **ENVIRON, **environ})  # noqa: S606 - a list of our own making


# Without -P, Python would look for modules in the working directory first.
_PYTHON = (sys.executable, "-P", "-m")
_CELERY = (*_PYTHON, "workers.celery_program")
