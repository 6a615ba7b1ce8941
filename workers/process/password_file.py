"""Passwords in files, as containers mount them: a container engine shows the environment of its containers."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import quote

MAX_BYTES = 4_096
MAX_USERS_BYTES = 65_536
MAX_NAME = 64


class UnfitFile(ValueError):
    """A file holds no valid password; the message describes a valid one and quotes nothing of the file."""


def read_password(path: str) -> str:
    """The password in a file, without the line end after it. A link is followed: mounted secrets often are links.

    Raises:
        UnfitFile: it is not a regular file, cannot be read, or does not hold exactly one line.
    """
    wanted = f"a file of one line with a password, at most {MAX_BYTES} bytes"
    password = _text(path, MAX_BYTES, wanted).removesuffix("\n").removesuffix("\r")
    if not password or not password.isprintable():
        raise UnfitFile(wanted)
    return password


def read_users(path: str) -> dict[str, str]:
    """The users in a file and their passwords: a line `name:password` for each. Empty lines and `#` lines are skipped.

    Raises:
        UnfitFile: it is not a regular file, cannot be read, or has another line.
    """
    users: dict[str, str] = {}
    text = _text(path, MAX_USERS_BYTES, f"a file of lines name:password, at most {MAX_USERS_BYTES} bytes")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not (colon and 0 < len(name) <= MAX_NAME and name == name.strip() and password and line.isprintable()):
            raise UnfitFile(f"a file of lines name:password (see line {number}); a name has at most {MAX_NAME} letters")
        if name in users:
            raise UnfitFile(f"a file that names each user once (see line {number})")
        users[name] = password
    return users


def _text(path: str, limit: int, wanted: str) -> str:
    """The text of a regular file of at most `limit` bytes; `wanted` describes one."""
    try:
        handle = os.open(Path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnfitFile("a regular file")
            data = file.read(limit + 1)
        if len(data) > limit:
            raise UnfitFile(wanted)
        return data.decode()
    except OSError as error:
        raise UnfitFile(f"a file that can be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UnfitFile("a file of UTF-8 text") from None


def with_password(url: str, password: str) -> str:
    """A URL, or several separated by semicolons, with a password inserted.

    Raises:
        UnfitFile: a URL already has a password, or names no server.
    """
    return ";".join(_with_password(part, password) for part in url.split(";"))


def _with_password(url: str, password: str) -> str:
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    user, _, host = place.rpartition("@")
    if ":" in user or not mark or not host:
        raise UnfitFile("usable here: the URL already has a password, or names no server")
    return f"{scheme}://{user}:{quote(password, safe='')}@{host}{slash}{path}"
