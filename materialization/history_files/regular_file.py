"""Regular-file opener: devices, pipes and folders are refused before anything is read from them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from domain.errors import Rejected


class NotARegularFile(Rejected):
    """{file} is {what}, not a regular file, and may have no end. Copy its content to a file first."""


@contextmanager
def regular_file(path: Path) -> Iterator[IO[bytes]]:
    """A regular file, opened for reading; it is checked after opening, so it cannot be replaced in between.

    Raises:
        NotARegularFile: it is a device, a pipe or a socket.
        OSError: there is no such file, it may not be read, or it is a folder.
    """
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_regular(path, os.fstat(handle).st_mode)
    except BaseException:
        os.close(handle)
        raise
    with os.fdopen(handle, "rb") as file:
        yield file


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise NotARegularFile(file=str(path), what=_what(mode))


def _what(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"
