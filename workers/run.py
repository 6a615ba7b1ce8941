"""Running a worker or the beat in this process."""

from __future__ import annotations

import os

from workers.app import app
from workers.roles import Role


def worker_arguments(role: Role, *, pool: str | None = None, concurrency: int = 2, beat: bool = False) -> list[str]:
    """The command line of a Celery worker for one role."""
    return [
        "worker",
        f"--queues={role.queue}",
        f"--pool={pool or role.pool}",
        f"--concurrency={concurrency}",
        f"--hostname={role.name}-{os.getpid()}@%h",
        "--loglevel=INFO",
        # Neither finds other workers nor follows them: the database is what they have in common.
        "--without-gossip",
        "--without-mingle",
        *(["--beat"] if beat else []),
    ]


def run_worker(role: Role, *, pool: str | None = None, concurrency: int = 2, beat: bool = False) -> None:
    """Serve a role's queue until told to stop."""
    app.worker_main(worker_arguments(role, pool=pool, concurrency=concurrency, beat=beat))


def run_beat() -> None:
    """Send the ticks of the schedule until told to stop."""
    app.start(["beat", "--loglevel=INFO"])
