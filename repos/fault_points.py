"""Fault points: the named boundaries in the processing of a submission at which a fault test may interfere.

In production there is no listener, and a fault point costs one read of a global. A test sets `listener`, which is
called at each boundary and may end the process there, cut its connections or wait; it must not raise.

A submission passes the steps in this order; before and after each is a boundary ("before head locked", …). Lock and
inbox are read in one statement, so only bookkeeping happens between "after head locked" and "before inbox read".
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
    """Call the listener, if any, with the boundary that is reached."""
    if listener is not None:
        listener(boundary)


@contextmanager
def writing(sql: str) -> Iterator[None]:
    """Mark the boundaries around one write of a unit of work, if the write is one of the steps."""
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
