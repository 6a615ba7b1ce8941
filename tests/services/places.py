"""Where a private server lives: its program, its directory, its port."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

SBIN = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"]  # not on everybody's PATH
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 1 << 30  # bytes; a container often has 64 MiB there, less than one database


class ServerMissingError(RuntimeError):
    """A server the tests need is not installed; the sentence says what to do about it."""


def find_program(name: str) -> str:
    """The absolute path of an installed program; raises `ServerMissingError`."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *SBIN]))
    if not found:
        raise ServerMissingError(
            f"{name} is not installed: run `make test` as root, or install MariaDB and Redis "
            "(Debian: mariadb-server redis-server; Homebrew: mariadb redis), or name servers for the tests in "
            "SCRIPTLEDGER_TEST_DATABASE_URL and SCRIPTLEDGER_TEST_BROKER_URL."
        )
    return found


def make_home(*, durable: bool) -> Path:
    """A new directory: on disk if what is in it must be durable, else in memory where there is room."""
    if durable:
        return Path(tempfile.mkdtemp(prefix="ledger-", dir="/var/tmp"))  # /tmp may be in memory
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return Path(tempfile.mkdtemp(prefix="ledger-", dir=MEMORY if roomy else None))


class Port:
    """A free TCP port of 127.0.0.1, kept for one server of ours whether that runs or not.

    On Linux by a socket that is bound but does not listen: a server that sets SO_REUSEADDR may then listen
    there, and nobody else who asks for any free port is given this one. Elsewhere such a socket would shut
    out the server too, so the port is only likely to be free, and the start has to try again with another.
    """

    def __init__(self) -> None:
        self._reservation = socket.socket()
        if sys.platform == "linux":
            self._reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reservation.bind(("127.0.0.1", 0))
        self.number: int = self._reservation.getsockname()[1]
        if sys.platform != "linux":
            self.release()

    def release(self) -> None:
        """Let others have it."""
        self._reservation.close()
