"""Stock Celery with late acknowledgement, whose task is the raw transaction: what an edit costs at the least."""

from __future__ import annotations

import os
from functools import cache

import pymysql
from celery import Celery
from sqlalchemy import make_url

from tests.benchmarks.references.raw_transaction import RawWriter

app = Celery("transactions", broker=os.environ.get("BENCHMARK_BROKER_URL", "memory://"))
app.conf.task_acks_late = True
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True


@app.task(name="write")
def write(script_id: int) -> None:
    """One command of a script, in one transaction."""
    _writer(script_id).write()


@cache
def _writer(script_id: int) -> RawWriter:
    return RawWriter(_connection(), script_id)


@cache
def _connection() -> pymysql.Connection:
    url = make_url(os.environ["BENCHMARK_DATABASE_URL"])
    return pymysql.connect(
        host=url.host,
        port=url.port or 3306,
        user=url.username,
        database=url.database,
        autocommit=True,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )
