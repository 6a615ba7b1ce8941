"""The kill matrix: every boundary, every action, one worker process and four, and every bell delivered twice.

A round sets producers on fresh scripts and lets faults happen at one boundary after the other while they write. When
everything is answered the history checker says whether it is the one true history.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from repos.fault_points import BOUNDARIES
from tests.faults.cluster import Cluster
from tests.faults.fault_injector import Action, Fault
from tests.faults.table import Row, row_of

BY_PRODUCERS = ("inbox row inserted", "bell rung")
"""The steps that producers pass, so that what is killed there is a producer, or all of them."""
SECOND_PASSAGE_EVERY = 4
"""Most faults hit the first passage of a process: after a kill the next has to come there before anything happens."""
DELAY_SECONDS = 0.1
TIMEOUT_SECONDS = 300.0
"""Seconds in which some fault has to happen; the first after everything has started, on a busy machine."""
LOAD: dict[str, Any] = {"hands": 2, "window": 2, "bells": "two"}


class Dose(NamedTuple):
    """How many faults of each kind happen at one boundary."""

    child: int
    node: int
    connection: int
    delay: int

    def actions(self) -> Iterator[Action]:
        """The faults in the order they are armed: mixed, so that no kind comes only when all is broken or well."""
        left: Counter[Action] = Counter()
        left.update({"kill child": self.child, "kill node": self.node})
        left.update({"drop connection": self.connection, "delay": self.delay})
        while +left:
            for action in +left:
                left[action] -= 1
                yield action


class Matrix:
    """Rounds on one cluster."""

    def __init__(self, cluster: Cluster, dose: Dose, *, scripts: int) -> None:
        self._cluster = cluster
        self._dose = dose
        self._scripts = scripts
        self._numbers = count(1)
        self.injected: Counter[tuple[str, Action]] = Counter()

    def round(self, name: str, boundaries: Sequence[str]) -> Row:
        """Let faults happen at these boundaries, and judge."""
        began = time.monotonic()
        load = self._cluster.load(self._scripts, **LOAD)
        armed = []
        for boundary in boundaries:
            faults = [self._fault(boundary, action) for action in self._dose.actions()]
            for fault in faults:
                self._cluster.plan.arm(fault)
            armed += faults
            self._cluster.plan.wait(TIMEOUT_SECONDS)
        records = load.finish()
        violations = load.violations(records)
        self.injected.update((fault.boundary, fault.action) for fault in armed)
        return row_of(name, len(armed), records, violations, seconds=time.monotonic() - began)

    def _fault(self, boundary: str, action: Action) -> Fault:
        number = next(self._numbers)
        who = "producer" if boundary.partition(" ")[2] in BY_PRODUCERS else "node"
        passage = 1 if number % SECOND_PASSAGE_EVERY else 2
        return Fault(number, boundary, action, passage, DELAY_SECONDS, who)


def groups(size: int) -> Iterator[tuple[str, list[str]]]:
    """The boundaries in groups of so many steps, each group with a name."""
    for start in range(0, len(BOUNDARIES), 2 * size):
        part = list(BOUNDARIES[start : start + 2 * size])
        yield " · ".join(dict.fromkeys(boundary.partition(" ")[2] for boundary in part)), part
