"""Atomic file writes: a file is written completely or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from cli.terminal.screen import visible_content

READABLE = 0o666
# A symbolic link in these folders, like /dev/stdout, belongs to the system.
DEVICES = ("/dev/", "/proc/")
STREAMS = {"/dev/stdout": 1, "/dev/fd/1": 1, "/proc/self/fd/1": 1, "/dev/stderr": 2}
# Users have files of their own here.
NO_DEVICES = "/dev/shm/"  # noqa: S108 - only compared


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which gets its name when the block succeeds; until then an existing file stays.

    It keeps the permissions of a file that it replaces. A symbolic link is replaced, never followed. If the path is not
    a regular file but a pipe or /dev/stdout, it is written directly, and a terminal gets visible text.
    """
    if _is_device(path):
        with _opened(path) as out:
            yield cast("IO[bytes]", _Shown(out)) if out.isatty() else out
        return
    try:
        handle, name = tempfile.mkstemp(prefix=".scriptledger-", dir=path.parent)
    except OSError as error:
        error.filename = str(path)  # and not the name of the temporary file
        raise
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            os.fchmod(out.fileno(), _mode(path))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


class _Shown:
    """A terminal as the target of a file's content, which it shows with visible control characters."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        self._out.write(visible_content(data).encode(errors="backslashreplace"))
        return len(data)


def _opened(path: Path) -> IO[bytes]:
    """A device, opened to write; standard output as it is, because what is in its file would be truncated."""
    number = STREAMS.get(str(path))
    if number is None:
        return path.open("wb")
    sys.stdout.flush()
    return os.fdopen(os.dup(number), "wb")


def _is_device(path: Path) -> bool:
    """Whether the path exists and is neither a regular file nor a user's symbolic link."""
    mode = _mode_of(path)
    if mode is None or stat.S_ISREG(mode):
        return False
    place = str(path.absolute())
    return not stat.S_ISLNK(mode) or (place.startswith(DEVICES) and not place.startswith(NO_DEVICES))


def _mode(path: Path) -> int:
    """The permissions for a new file of this name."""
    mode = _mode_of(path)
    return stat.S_IMODE(mode) if mode is not None and stat.S_ISREG(mode) else READABLE & ~_umask()


def _mode_of(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
