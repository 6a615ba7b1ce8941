"""The default clock."""

from __future__ import annotations

import time


def system_clock() -> int:
    """Now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1_000
