"""The two directories of an embedded server: a private one for its socket, a permanent one for its data."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from pathlib import Path
from typing import IO

from repos.private_file import private_opener
from workers.embedded.errors import EmbeddedBrokerError

SOCKET_NAME = "broker.sock"
SOCKET_PATH_LIMIT = 104  # bytes with the closing NUL, on macOS; Linux allows 108
LOCK_TIMEOUT_SECONDS = 2.0  # a server whose parent was killed is gone within one second


def make_private() -> Path:
    """A new directory that only this user may enter, with a path short enough for a socket."""
    directory = Path(tempfile.mkdtemp(prefix="ledger-"))
    if len(os.fsencode(directory / SOCKET_NAME)) < SOCKET_PATH_LIMIT:
        return directory
    directory.rmdir()
    return Path(tempfile.mkdtemp(prefix="ledger-", dir="/tmp"))


def lock(data: Path) -> IO[str]:
    """Lock the data directory: two servers would corrupt the append-only file.

    The server inherits the open file, so the lock is held as long as any server is alive. Raises
    `EmbeddedBrokerError` if another server holds it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = open(data / "valkey.lock", "w", opener=private_opener)  # noqa: SIM115 - Path.open has no opener
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                handle.close()
                raise EmbeddedBrokerError(f"Another broker is already using {data}.") from None
            time.sleep(0.05)
        else:
            return handle
