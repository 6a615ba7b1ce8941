"""The app of a worker that knows kinds more whose `apply` ends, or outlasts, what it runs in: what poison can be.

They stand for everything that does so without meaning to: a crash in a C extension, more memory than there is, a bug.
POISON_SECONDS shortens the times of drains, so that what hangs is given up sooner.
"""

from __future__ import annotations

import os

# The kinds there are become a decoder when `domain.submissions.submission` is first imported, by the app below.
from domain.commands.base import Command, command
from domain.script.delta import Delta
from domain.script.state import State
from tests.faults.poison_ways import WAYS


@command
class Poison(Command, frozen=True, tag="test.poison"):
    """Does what its `way` says to the process that applies it."""

    way: str

    def apply(self, state: State) -> Delta:  # noqa: ARG002
        WAYS[self.way]()
        return ()


from workers.draining import drain_runner  # noqa: E402 - see above

if seconds := float(os.environ.get("POISON_SECONDS", "0")):
    drain_runner.SOFT_SECONDS, drain_runner.HARD_SECONDS = seconds, seconds + 1  # type: ignore[assignment]
    drain_runner.SUSPECT_SOFT_SECONDS, drain_runner.SUSPECT_HARD_SECONDS = seconds + 1, seconds + 2  # type: ignore[assignment]

from workers.app import app  # noqa: E402 - its tasks take the times as they are now

__all__ = ["Poison", "app"]
