"""The home: a folder that only its owner may enter, without files of other users."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from repos.private_file import UnsafePlace

FOLDER = 0o700
# The permissions of all users but the owner.
OTHERS = 0o077
# The files and folders that this program creates in a home; nothing else in it is checked.
OWN = ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal", "stack.json")
FOLDERS = ("broker", "logs")


def secure_home(home: Path) -> None:
    """Create a home, or restrict an existing one to its owner; older versions created some with too wide permissions.

    Raises:
        UnsafePlace: the home, or a file in it, belongs to another user or is a symbolic link.
        OSError: it cannot be created, or its permissions cannot be changed.
    """
    home.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    linked = home.lstat()
    if stat.S_ISLNK(linked.st_mode):
        # A link is as trustworthy as its owner: in /tmp, any user can create one.
        _refuse_stranger(home, linked)
    _secure(home, home.stat(), "choose another SCRIPTLEDGER_HOME")
    for place in _places(home):
        with suppress(FileNotFoundError):  # the database and the broker remove their files at any time
            status = place.lstat()
            if stat.S_ISLNK(status.st_mode):
                raise UnsafePlace(f"{place} is a symbolic link, which is not followed: remove it.")
            _secure(place, status, "remove it, or choose another SCRIPTLEDGER_HOME")


def _places(home: Path) -> Iterator[Path]:
    """The program's files and folders in a home, each folder before its content."""
    yield from (home / name for name in OWN if os.path.lexists(home / name))
    for name in FOLDERS:
        if os.path.lexists(home / name):
            yield home / name
            # By now it is neither a link nor owned by another user.
            for folder, folders, files in os.walk(home / name):
                yield from (Path(folder, entry) for entry in (*folders, *files))


def _secure(place: Path, status: os.stat_result, advice: str) -> None:
    _refuse_stranger(place, status, advice)
    if status.st_mode & OTHERS:
        # This cannot follow a link: by now only the owner may change the parent folder.
        place.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)


def _refuse_stranger(place: Path, status: os.stat_result, advice: str = "choose another SCRIPTLEDGER_HOME") -> None:
    if status.st_uid != os.geteuid():
        raise UnsafePlace(f"{place} belongs to another user (number {status.st_uid}): {advice}.")
