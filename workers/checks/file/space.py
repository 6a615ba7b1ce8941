"""Whether the disk of an SQLite file has room."""

from __future__ import annotations

import shutil
from pathlib import Path

from workers.checks.finding import Check, Finding, fault, fine, warning

MIN_BYTES = 1 << 20
LITTLE_BYTES = 256 << 20


def _examine(file: Path) -> Finding:
    free = shutil.disk_usage(file.parent).free
    change = f"Free some space on the disk that holds {file.parent}, or move the database there."
    if free < MIN_BYTES:
        return fault("The disk of the database file is full.", change)
    if free < LITTLE_BYTES:
        return warning(f"The disk of the database file has {free >> 20} MiB left.", change)
    return fine(f"The disk of the database file has {_shown(free)} left.")


def _shown(size: int) -> str:
    return f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"


CHECK = Check("space", _examine, at_start=True, only_warns=True)
