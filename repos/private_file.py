"""Private files: made for their owner alone, whatever the umask is, and never through a symbolic link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from domain.errors import LedgerError

OWNER_ONLY = 0o600


class UnsafePlace(LedgerError):
    """A file or a folder is a link, or belongs to somebody else; the sentence says which, and what to do."""


def private_opener(path: str, flags: int) -> int:
    """For `open`: a new file is its owner's alone, and a symbolic link is an error."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, OWNER_ONLY)


def make_private_file(path: Path) -> None:
    """Make an empty file for its owner alone, unless there is one.

    A file that is there is not opened: to close it would drop the locks that SQLite holds on it in this process.

    Raises:
        UnsafePlace: what is there is a symbolic link.
    """
    refuse_link(path)
    try:
        os.close(private_opener(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        refuse_link(path)
    except OSError:
        return  # told of by SQLite, which fails at the same


def refuse_link(path: Path) -> None:
    """Go on only if nothing there is a symbolic link."""
    try:
        is_link = stat.S_ISLNK(path.lstat().st_mode)
    except OSError:
        return  # not there, or told of by whoever opens it
    if is_link:
        raise UnsafePlace(f"{path} is a symbolic link, which is not followed: remove it, or name what it leads to.")
