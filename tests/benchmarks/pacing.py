"""Pacing: so many edits a second, and how long each takes until everybody can see it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from statistics import quantiles

from repos.database.engine import Engine
from tests.benchmarks.frame import Figures

P50, P99 = "p50", "p99"


class Watcher:
    """Looks at the heads of all scripts again and again, and notes when it first sees each version."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.seen: dict[tuple[int, int], float] = {}

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self._connection.close()

    def _watch(self) -> None:
        with self._connection.cursor() as cursor:
            while not self._ends.is_set():
                cursor.execute("SELECT script_id, version_number FROM script_heads")
                now = time.perf_counter()
                for script_id, version in cursor.fetchall():
                    self.seen.setdefault((script_id, version), now)
                time.sleep(0.001)


def pace(
    engine: Engine, versions: dict[int, int], send: Callable[[int], object], *, count: int, rate: float
) -> Figures:
    """Send an edit of one script after the other, `rate` a second, and wait for each to be seen; milliseconds.

    `versions` are those of the scripts before, and are moved on.
    """
    scripts = sorted(versions)
    sent: dict[tuple[int, int], float] = {}
    with Watcher(engine) as watcher:
        start = time.perf_counter()
        for number in range(count):
            time.sleep(max(0.0, start + number / rate - time.perf_counter()))
            script_id = scripts[number % len(scripts)]
            versions[script_id] += 1
            sent[script_id, versions[script_id]] = time.perf_counter()
            send(script_id)
        deadline = time.perf_counter() + 60
        while not _all_seen(watcher, versions) and time.perf_counter() < deadline:
            time.sleep(0.005)
    assert _all_seen(watcher, versions), "some edits were never seen"
    took = [1_000 * (_first_seen(watcher, *key) - began) for key, began in sent.items()]
    cuts = quantiles(took, n=100)
    return {P50: cuts[49], P99: cuts[98]}


def _all_seen(watcher: Watcher, versions: dict[int, int]) -> bool:
    return all(key in watcher.seen for key in versions.items())


def _first_seen(watcher: Watcher, script_id: int, version: int) -> float:
    """When this version, or one behind it, was seen: two may have become visible between two looks."""
    while (script_id, version) not in watcher.seen:
        version += 1
    return watcher.seen[script_id, version]
