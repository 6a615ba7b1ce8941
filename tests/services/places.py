"""The places of a private server: its program, its directory, its port."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

SBIN = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"]  # often not on PATH
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 1 << 30  # bytes; a container often has 64 MiB there, less than one database
TESTS_NEED = 4 << 30  # bytes; what passes removes its directory


class ServerMissingError(RuntimeError):
    """A server the tests need is not installed; the message is what to do about it."""


def find_program(name: str) -> str:
    """The absolute path of an installed program; raises `ServerMissingError`."""
    program = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *SBIN]))
    if not program:
        raise ServerMissingError(
            f"{name} is not installed: run `make test` as root, or install MariaDB and Redis "
            "(Debian: mariadb-server redis-server; Homebrew: mariadb redis), or name servers for the tests in "
            "SCRIPTLEDGER_TEST_DATABASE_URL and SCRIPTLEDGER_TEST_BROKER_URL."
        )
    return program


def make_home(*, durable: bool) -> Path:
    """A new directory: on disk if its content must be durable, otherwise in memory if there is room."""
    if durable:
        return Path(tempfile.mkdtemp(prefix="ledger-", dir="/var/tmp"))  # /tmp may be in memory
    return Path(tempfile.mkdtemp(prefix="ledger-", dir=MEMORY if memory_has(MEMORY_NEEDED) else None))


def memory_has(needed: int) -> bool:
    """Whether a directory in memory has that many bytes left."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > needed


def keep_temporary_directories_in_memory() -> None:
    """Let pytest make the directories of tests in memory, if there is room and programs may be run from it.

    SQLite waits for the disk at each commit, and thousands of tests commit dozens of times.
    """
    if memory_has(TESTS_NEED) and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


class Port:
    """A free TCP port of 127.0.0.1, reserved for one private server whether it runs or not.

    On Linux it is reserved by a socket that is bound but does not listen: a server that sets SO_REUSEADDR may listen
    there, and the system assigns the port to no other program. On other systems such a socket would block the server
    too, so the port is only likely to be free, and a start may have to retry with another port.
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
        """End the reservation."""
        self._reservation.close()
