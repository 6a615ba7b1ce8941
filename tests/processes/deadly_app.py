"""The app of a worker that knows one kind more: a command whose `apply` ends the process it runs in.

It stands for everything that does so without meaning to: a crash in a C extension, or more memory than there is.
"""

from __future__ import annotations

import os
import signal

# The kinds there are become a decoder when `domain.submissions.submission` is first imported, by the app below.
from domain.commands.base import Command, command
from domain.script.delta import Delta
from domain.script.state import State


@command
class EndTheWorker(Command, frozen=True, tag="test.end_the_worker"):
    """SIGKILL to the process that applies this."""

    def apply(self, state: State) -> Delta:  # noqa: ARG002
        os.kill(os.getpid(), signal.SIGKILL)
        return ()


from workers.app import app  # noqa: E402 - see above

__all__ = ["EndTheWorker", "app"]
