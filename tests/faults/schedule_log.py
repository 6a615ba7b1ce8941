"""The log of schedules: a line for each run, in the file that the environment names.

There is one schedule for each rule about missed slots. Their clock runs five times as fast as the real one, so a slot
falls every 200 ms.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

from workers.scheduling.slot_runner import Missed, Schedule

SCHEDULE_LOG = "SCHEDULE_LOG"
FASTER = 5
LEASE_SECONDS = 300  # a minute in real time: more than any run here takes
RULES: tuple[Missed, ...] = get_args(Missed)


def schedules() -> list[Schedule]:
    """The schedules, named for their rule."""
    return [Schedule(rule, every=1, lease=LEASE_SECONDS, missed=rule, run=partial(note, rule)) for rule in RULES]


def note(rule: str, slot: int) -> Mapping[str, Any]:
    """Write down that a slot is run: in one write, so that no two are mixed."""
    log = os.open(os.environ[SCHEDULE_LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, f"{rule} {slot}\n".encode())
    os.close(log)
    return {"by": os.getpid()}


def clock() -> int:
    """Microseconds since 1970, if time had always been so fast."""
    return time.time_ns() // 1_000 * FASTER
