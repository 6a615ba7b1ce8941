"""B10: launching one task for each of 100,000 scripts; against a loop of `apply_async`."""

from __future__ import annotations

import time
from collections.abc import Iterator

import redis
from celery import Celery

from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.references.stock import stock_task
from tests.benchmarks.stage import OURS, STOCK, Stage
from workers.messaging.run_messages import QUEUE, FanOut

KEY = "B10"
RATE = "tasks/s"


def pairs(stage: Stage) -> Iterator[Pair]:
    """All of ours every time; a tenth of the reference, whose rate does not depend on how many there are."""
    count = stage.count(100_000, quick=1_000)
    with stage.broker(OURS) as ours, stage.broker(STOCK) as theirs:
        app = Celery("handing", broker=stage.broker_url(OURS), config_source="celeryconfig", set_as_current=False)
        fan_out = FanOut(app)
        stock = Celery("stock", broker=stage.broker_url(STOCK), set_as_current=False)
        noop = stock_task(stock)

        def launch() -> Figures:
            began = time.perf_counter()
            fan_out.send_all((1, script_id) for script_id in range(count))
            seconds = time.perf_counter() - began
            assert _emptied(ours, QUEUE) == count
            return {RATE: count / seconds}

        def loop() -> Figures:
            began = time.perf_counter()
            for script_id in range(count // 10):
                noop.apply_async((1, script_id), ignore_result=True)
            seconds = time.perf_counter() - began
            assert _emptied(theirs, "celery") == count // 10
            return {RATE: count // 10 / seconds}

        goal = Goal(RATE, "tasks/s", "at least", 4.0)
        what = f"launch {count:,} tasks, one a script; apply_async in a loop"
        yield Pair(KEY, what, launch, loop, (goal,), rounds=3, warm_up=False)


def _emptied(client: redis.Redis, queue: str) -> int:
    found = client.llen(queue)
    client.delete(queue)
    assert isinstance(found, int)
    return found
