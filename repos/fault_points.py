"""Phases: the named moments of a submission's way at which a fault test may interfere.

In production nobody listens and a boundary costs one look at a global. A test sets `listener`, which is told of each
boundary as it is passed and may end the process there, cut its connections or wait; it must raise nothing.

A submission passes the steps in this order; before and after each is a boundary ("before head locked", …). Lock and
inbox are one statement, so nothing happens between "after head locked" and "before inbox read" but bookkeeping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

STEPS = (
    "inbox row inserted",
    "bell rung",
    "bell received",
    "head locked",
    "inbox read",
    "state warmed",
    "commands inserted",
    "versions inserted",
    "keyframe inserted",
    "inbox rows removed",
    "commit sent",
    "commit answered",
)
BOUNDARIES = tuple(f"{side} {step}" for step in STEPS for side in ("before", "after"))

listener: Callable[[str], object] | None = None


def fault_point(boundary: str) -> None:
    """Tell whoever listens that a boundary is reached."""
    if listener is not None:
        listener(boundary)


@contextmanager
def writing(sql: str) -> Iterator[None]:
    """Tell of the boundaries around one write of a unit of work, where it is one of the steps."""
    step = _STEP_OF.get(" ".join(sql.split(None, 3)[:3]))
    if step is None:
        yield
        return
    fault_point(f"before {step}")
    yield
    fault_point(f"after {step}")


_STEP_OF = {
    "INSERT INTO script_commands": "commands inserted",
    "INSERT INTO script_versions": "versions inserted",
    "INSERT INTO script_keyframes": "keyframe inserted",
    "DELETE FROM submission_inbox": "inbox rows removed",
}
