"""Whether an SQLite file is private to its owner."""

from __future__ import annotations

import stat
from functools import reduce
from operator import or_
from pathlib import Path

from workers.checks.finding import Check, Finding, fault, fine, warning


def _examine(file: Path) -> Finding:
    mode = reduce(or_, (part.stat().st_mode & 0o077 for part in _parts(file) if part.exists()), 0)
    change = f"Run `chmod 600 {file}*`, and `chmod 700 {file.parent}` where the folder is only for it."
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return fault("Other users of this machine may write to the database file.", change)
    if mode:
        return warning("Other users of this machine may read the database file.", change)
    return fine("The database file is private to its owner.")


def _parts(file: Path) -> list[Path]:
    return [file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm"))]


CHECK = Check("privacy", _examine, at_start=True, only_warns=True)
