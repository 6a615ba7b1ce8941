"""Private files: readable by their owner only, whatever the umask, and never created through a symbolic link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from domain.errors import LedgerError

OWNER_ONLY = 0o600


class UnsafePlace(LedgerError):
    """A file or a folder is a link, or belongs to another user; the message names it and what to do."""


def private_opener(path: str, flags: int) -> int:
    """An opener for `open`: a new file is accessible to its owner only, and a symbolic link is an error."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, OWNER_ONLY)


def make_private_file(path: Path) -> None:
    """Create an empty file accessible to its owner only, unless it exists.

    An existing file is not opened: closing it would drop the locks that SQLite holds on it in this process.

    Raises:
        UnsafePlace: the path is a symbolic link.
    """
    refuse_link(path)
    try:
        os.close(private_opener(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        refuse_link(path)
    except OSError:
        return  # SQLite fails with the same error and reports it


def refuse_link(path: Path) -> None:
    """Raise `UnsafePlace` if the path is a symbolic link."""
    try:
        is_link = stat.S_ISLNK(path.lstat().st_mode)
    except OSError:
        return  # it does not exist, or opening it reports the error
    if is_link:
        raise UnsafePlace(f"{path} is a symbolic link, which is not followed: remove it, or use the path it points to.")
