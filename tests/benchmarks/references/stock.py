"""Celery as it comes, with late acknowledgement and nothing to do: what the queue itself costs."""

from __future__ import annotations

import os

from celery import Celery, Task

# Results cost five more Redis commands a task: an empty task without them is the hardest to keep up with.
app = Celery("stock", broker=os.environ.get("BENCHMARK_BROKER_URL", "memory://"))
app.conf.task_acks_late = True
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True


def noop(*ids: int) -> None:
    """Do nothing with a script."""


def stock_task(app: Celery) -> Task:
    """The empty task, in an app."""
    task: Task = app.task(name="noop")(noop)
    return task


stock_task(app)
