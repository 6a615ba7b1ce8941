"""The first page: whether people can write, what is wrong and what to do about it, and the numbers behind it."""

from __future__ import annotations

import time
from threading import Lock

from workers.http.page.answers_plot import bars
from workers.http.page.visit import Services, Shown, Visit
from workers.monitoring.overview import Overview
from workers.monitoring.overview_reader import OverviewReader
from workers.monitoring.problems.find import find_problems

# Everyone who looks within this time sees the same overview.
FRESH_SECONDS = 1.0


class SharedOverview:
    """The overview, read by one thread at a time, and once for everyone who looks at the same moment."""

    def __init__(self, reader: OverviewReader, *, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._reader = reader
        self._fresh_seconds = fresh_seconds
        self._lock = Lock()
        self._read_at = 0.0
        self._overview: Overview | None = None

    def read(self) -> Overview:
        """An overview that is at most `fresh_seconds` old."""
        with self._lock:
            if self._overview is None or time.monotonic() - self._read_at > self._fresh_seconds:
                self._overview = self._reader.read()
                self._read_at = time.monotonic()
            return self._overview


def overview(services: Services, _visit: Visit) -> Shown:
    """The overview; without the database, what is known without it."""
    now = services.overview.read()
    problems = find_problems(now)
    return Shown(
        "overview.html",
        {
            "overview": now,
            "problems": problems,
            "is_critical": any(problem.severity == "critical" for problem in problems),
            "bars": bars(now),
        },
        200 if now.is_known else 503,
    )
