"""The home: a folder that its owner alone may enter, with nothing in it that somebody else put there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from repos.private_file import UnsafePlace

FOLDER = 0o700
OTHERS = 0o077
"""The permissions of everybody but the owner."""
OWN = ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal", "stack.json")
FOLDERS = ("broker", "logs")
"""What we put into a home; anything else in it is not ours to look at."""


def secure_home(home: Path) -> None:
    """Make a home, or take its permissions back from everybody but its owner; older versions made some too open.

    Raises:
        UnsafePlace: it, or what is in it, belongs to somebody else or is a symbolic link.
        OSError: it cannot be made, or its permissions cannot be changed.
    """
    home.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    linked = home.lstat()
    if stat.S_ISLNK(linked.st_mode):
        # A link is as good as who made it: in /tmp, anybody.
        _refuse_stranger(home, linked)
    _secure(home, home.stat(), "choose another SCRIPTLEDGER_HOME")
    for place in _places(home):
        with suppress(FileNotFoundError):  # the database and the broker remove files of theirs at any time
            found = place.lstat()
            if stat.S_ISLNK(found.st_mode):
                raise UnsafePlace(f"{place} is a symbolic link, which is not followed: remove it.")
            _secure(place, found, "remove it, or choose another SCRIPTLEDGER_HOME")


def _places(home: Path) -> Iterator[Path]:
    """What is ours in a home, a folder before what is in it."""
    yield from (home / name for name in OWN if os.path.lexists(home / name))
    for name in FOLDERS:
        if os.path.lexists(home / name):
            yield home / name
            # By now it is neither a link nor a stranger's.
            for folder, folders, files in os.walk(home / name):
                yield from (Path(folder, each) for each in (*folders, *files))


def _secure(place: Path, found: os.stat_result, advice: str) -> None:
    _refuse_stranger(place, found, advice)
    if found.st_mode & OTHERS:
        # Not through a link: the folder around it is the owner's alone by now.
        place.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def _refuse_stranger(place: Path, found: os.stat_result, advice: str = "choose another SCRIPTLEDGER_HOME") -> None:
    if found.st_uid != os.geteuid():
        raise UnsafePlace(f"{place} belongs to another user (number {found.st_uid}): {advice}.")
