"""Reading a whole file that somebody named, up to a limit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from domain.errors import Rejected
from materialization.history_files.regular_file import regular_file

STANDARD_INPUT = Path("-")
OF_SHELL = ("/dev/fd/", "/proc/self/fd/")
"""Where a shell puts what it opened itself: `<(gunzip -c draft.fountain.gz)` is a pipe that somebody writes to."""


def read_bounded(path: Path, limit: int, too_large: type[Rejected]) -> bytes:
    """The bytes of a file; those of standard input for `-`, which may be a pipe.

    Raises:
        Rejected: there are more than `limit`; `too_large` says so, with `size` and `limit`.
        NotARegularFile: it is a device, or a pipe that no shell opened.
        OSError: it cannot be read.
    """
    if path == STANDARD_INPUT:
        return _checked(sys.stdin.buffer.read(limit + 1), limit, too_large)
    if str(path) == "/dev/stdin" or str(path).startswith(OF_SHELL):
        with path.open("rb") as pipe:
            return _checked(pipe.read(limit + 1), limit, too_large)
    with regular_file(path) as file:
        if (size := os.fstat(file.fileno()).st_size) > limit:
            raise too_large(size=size, limit=limit)
        return _checked(file.read(limit + 1), limit, too_large)


def _checked(data: bytes, limit: int, too_large: type[Rejected]) -> bytes:
    if len(data) > limit:
        raise too_large(size=len(data), limit=limit)
    return data
