"""The log line of a drain: scripts, versions, submissions and milliseconds; ids only, never text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from materialization.write_path.settlement import Settlement

# Submissions named in one line; the others are counted.
MAX_NAMED = 16

log = structlog.get_logger(__name__)


class DrainLog:
    """Collects what the units of work of one drain settled, and writes it as one line."""

    def __init__(self) -> None:
        self._settled: list[Settlement] = []

    def add(self, settlement: Settlement) -> None:
        """Add a committed unit of work."""
        if settlement.answers:
            self._settled.append(settlement)

    @contextmanager
    def line(self) -> Iterator[None]:
        """Log what is settled in the block, if anything is."""
        self._settled = []
        began = time.perf_counter()
        try:
            yield
        finally:
            if self._settled:
                self._write(began)

    def _write(self, began: float) -> None:
        settled, self._settled = self._settled, []
        submissions = [name for settlement in settled for name in settlement.answers]
        refused = sum(answer.outcome == "refused" for settlement in settled for answer in settlement.answers.values())
        log.info(
            "drain.answered",
            scripts=[settlement.head.script_id for settlement in settled],
            versions=[_versions(settlement) for settlement in settled],
            submissions=submissions[:MAX_NAMED],
            answered=len(submissions),
            refused=refused,
            ms=round((time.perf_counter() - began) * 1_000, 1),
        )


def _versions(settlement: Settlement) -> str:
    first, last = settlement.first_version, settlement.head.version
    return "" if last < first else f"{first}" if last == first else f"{first}-{last}"
