"""Passwords in files, as containers mount them: a container engine shows the environment of its containers."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import quote

MAX_BYTES = 4_096


class UnfitFile(ValueError):
    """A file holds no valid password; the message describes a valid one and quotes nothing of the file."""


def read_password(path: str) -> str:
    """The password in a file, without the line end after it. A link is followed: mounted secrets often are links.

    Raises:
        UnfitFile: it is not a regular file, cannot be read, or does not hold exactly one line.
    """
    try:
        handle = os.open(Path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnfitFile("a regular file")
            data = file.read(MAX_BYTES + 1)
        password = data.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise UnfitFile(f"a file that can be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UnfitFile("a file of UTF-8 text") from None
    if not password or len(data) > MAX_BYTES or not password.isprintable():
        raise UnfitFile(f"a file of one line with a password, at most {MAX_BYTES} bytes")
    return password


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
