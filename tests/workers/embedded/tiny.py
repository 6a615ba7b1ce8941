"""A Celery app with two tasks; the broker URL is on the worker's command line."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("tiny")


@app.task(name="pid")
def pid() -> int:
    return os.getpid()


@app.task(name="total")
def total(numbers: list[int]) -> int:
    return sum(numbers)
