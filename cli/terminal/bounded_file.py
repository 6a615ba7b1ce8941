"""Bounded file reads: a whole file that the user names, up to a size limit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from domain.errors import Rejected
from materialization.history_files.regular_file import regular_file

STANDARD_INPUT = Path("-")
# A shell passes the files it opened itself under these paths: `<(gunzip -c draft.fountain.gz)` is a pipe with a writer.
OF_SHELL = ("/dev/fd/", "/proc/self/fd/")


def read_bounded(path: Path, limit: int, too_large: type[Rejected]) -> bytes:
    """The bytes of a file, or of standard input for `-`, which may be a pipe.

    Raises:
        Rejected: there are more than `limit` bytes; the class is `too_large`, with `size` and `limit`.
        NotARegularFile: it is a device, or a pipe that was not opened by a shell.
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
