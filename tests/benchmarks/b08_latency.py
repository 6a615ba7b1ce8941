"""B8: from `enqueue` until the version is visible, at 100 a second; against a task with the raw transaction."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from celery import Celery

from repos.unit_of_work import UnitOfWork
from tests.benchmarks.frame import Goal, Pair
from tests.benchmarks.pacing import P50, P99, pace
from tests.benchmarks.scripts import create_scripts
from tests.benchmarks.stage import OURS, STOCK, Stage
from workers.messaging.bell import Bell
from workers.producers.producer import Producer

KEY = "B8"
RATE = 100.0


def pairs(stage: Stage) -> Iterator[Pair]:
    """Fifty scripts in turn, four pool processes on both sides; the reference inserts nothing before its task."""
    count = stage.count(1_000, quick=60)
    with (
        stage.broker(OURS),
        stage.broker(STOCK),
        stage.database() as ours,
        stage.database() as theirs,
        stage.our_worker(ours, pool="prefork", concurrency=4),
        stage.stock_worker("transaction_task", pool="prefork", concurrency=4, engine=theirs),
    ):
        app = Celery("ringing", broker=stage.broker_url(OURS), config_source="celeryconfig", set_as_current=False)
        producer = Producer(UnitOfWork(ours), Bell(app))
        scripts = {script.script_id: script for script in create_scripts(ours, 50)}
        stock = Celery("publishing", broker=stage.broker_url(STOCK), set_as_current=False)
        stock.conf.task_ignore_result = True
        written = create_scripts(theirs, 50)
        for script in written:
            script.edit()

        def enqueue(script_id: int) -> None:
            producer.enqueue(scripts[script_id].edit())

        def send(script_id: int) -> None:
            stock.send_task("write", args=(script_id,))

        mine = partial(pace, ours, dict.fromkeys(scripts, 1), enqueue, count=count, rate=RATE)
        its = partial(pace, theirs, dict.fromkeys(scripts, 1), send, count=count, rate=RATE)
        goals = (Goal(P50, "ms", "at most", 2.0), Goal(P99, "ms", "at most", 3.0))
        what = f"enqueue to visible, {RATE:.0f}/s; a task with the raw transaction"
        yield Pair(KEY, what, mine, its, goals, rounds=3, warm_up=False)
