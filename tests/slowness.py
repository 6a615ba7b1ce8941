"""How much longer a machine may take that does other things too, as one that runs many tests at once does."""

from __future__ import annotations

import os


def adjusted_for_load(seconds: float) -> float:
    """What is promised within so many seconds on a machine with nothing else to do, on this one as it is now.

    Twice as many processes that want to run as there are processors take twice as long. What has to hold to the
    second is measured where nothing else runs: `make delays`, `make faults`.
    """
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
