"""B13: what a worker holds after 100,000 commands over 1,000 scripts; against what it holds after 1,000 commands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import psutil

from tests.benchmarks.draining import OurDrain, our_drain
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.stage import Stage
from workers.embedded.child_process import Child

KEY = "B13"
MEGABYTES = "MB"


def pairs(stage: Stage) -> Iterator[Pair]:
    """A solo worker, which is one process for everything; the reference is measured first, once."""
    scripts, waves = stage.count(1_000, quick=30), stage.count(10, quick=1)
    with our_drain(stage, pool="solo", concurrency=1, scripts=scripts) as (drain, worker):
        drain.measure()
        before = _megabytes(worker)
        goals = (
            Goal(MEGABYTES, "MB", "at most", 1.2),
            Goal(MEGABYTES, "MB", "at most", 150, of="ours"),
        )
        what = f"worker after {scripts * waves * 10:,} commands over {scripts:,} scripts; after {scripts:,}"
        ours = partial(_after, drain, worker, waves)
        yield Pair(KEY, what, ours, lambda: {MEGABYTES: before}, goals, rounds=1, warm_up=False)


def _after(drain: OurDrain, worker: Child, waves: int) -> Figures:
    for _ in range(waves):
        drain.measure(waiting=10)
    return {MEGABYTES: _megabytes(worker)}


def _megabytes(worker: Child) -> float:
    tree = [process for child in psutil.Process().children() for process in child.children(recursive=True)]
    [main] = [process for process in tree if "workers.celery_program" in process.cmdline()]
    assert worker.running()
    return float(main.memory_info().rss) / 1e6
