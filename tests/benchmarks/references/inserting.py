"""A producer as many have it: a raw insert into a queue table of the database, then an empty task for the worker."""

from __future__ import annotations

from typing import Any

import pymysql
from celery import Celery

from tests.benchmarks.references.stock import stock_task

INSERT = "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (%s, %s, %s, %s)"


class InsertingProducer:
    """One autocommitting connection, and one app of stock Celery."""

    def __init__(self, connection: pymysql.Connection[Any], broker_url: str) -> None:
        self._connection = connection
        self._app = Celery("producer", broker=broker_url, set_as_current=False)
        self._app.conf.task_ignore_result = True
        self._noop = stock_task(self._app)

    def send(self, script_id: int) -> None:
        """Publish alone."""
        self._noop.apply_async((script_id,))

    def put(self, script_id: int, submission_id: str, payload: bytes, now: int) -> None:
        """Insert, durably, then publish."""
        with self._connection.cursor() as cursor:
            cursor.execute(INSERT, (script_id, submission_id, payload, now))
        self.send(script_id)
