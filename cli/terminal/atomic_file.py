"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from cli.terminal.screen import visible_content

READABLE = 0o666
DEVICES = ("/dev/", "/proc/")
"""Where a symbolic link, like /dev/stdout, is one of the system's."""


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes its name when the block ends well; until then what was there stays.

    It keeps the permissions of a file that it replaces. A symbolic link is replaced, never followed. What is no regular
    file, a pipe or /dev/stdout, is written to as it is, and a terminal gets visible text.
    """
    if _is_device(path):
        with path.open("wb") as out:
            yield cast("IO[bytes]", _Shown(out)) if out.isatty() else out
        return
    try:
        handle, name = tempfile.mkstemp(prefix=".scriptledger-", dir=path.parent)
    except OSError as error:
        error.filename = str(path)  # and not the name nobody chose
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
    """A terminal, for the content of a file."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        self._out.write(visible_content(data).encode(errors="backslashreplace"))
        return len(data)


def _is_device(path: Path) -> bool:
    """Whether what has the name now is neither a file nor a link that somebody made."""
    mode = _mode_of(path)
    if mode is None or stat.S_ISREG(mode):
        return False
    return not stat.S_ISLNK(mode) or str(path.absolute()).startswith(DEVICES)


def _mode(path: Path) -> int:
    """The permissions of a file that gets this name."""
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
