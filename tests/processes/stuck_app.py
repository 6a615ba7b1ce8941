"""The app of a worker whose pool never stops: it waits for ever for the answer to a job, as Celery's does."""

from __future__ import annotations

import time
from typing import Any

from celery.concurrency.prefork import TaskPool

from workers.app import app

__all__ = ["app"]


def wait_for_ever(_pool: TaskPool, *_: Any) -> None:
    while True:
        time.sleep(1)


TaskPool.on_stop = wait_for_ever
