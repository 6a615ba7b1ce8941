"""Health checks of a process, for containers and service managers.

    python -m workers.monitoring.health beating         was the file in SCRIPTLEDGER_HEARTBEAT touched recently?
    python -m workers.monitoring.health answering URL   does the URL respond? HTTP 401 counts as healthy

The exit status is 0 when healthy, and 1 with the reason on standard error. The main process of a worker, and beat,
touch the file while their event loop runs. Pinging a worker through the broker would import the whole program each
time, and report busy workers as unhealthy.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError

from domain.visible_text import visible_lines

VARIABLE = "SCRIPTLEDGER_HEARTBEAT"
EVERY_SECONDS = 5.0
# Longer than a task may occupy the only process of a solo worker, and longer than a broker takes to restart.
LATE_SECONDS = 120.0


def beat() -> None:
    """Touch the heartbeat file, if one is configured. Errors are ignored: a full disk is not a hanging loop."""
    if name := os.environ.get(VARIABLE):
        with suppress(OSError):
            # Not through a link: the file may be in a folder that other users can write to.
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
            try:
                os.utime(handle)
            finally:
                os.close(handle)


def beating() -> str | None:
    """The problem with the heartbeat; None if healthy."""
    name = os.environ.get(VARIABLE)
    if not name:
        return f"{VARIABLE} names no file"
    try:
        age = time.time() - Path(name).stat().st_mtime
    except OSError as error:
        return f"no heartbeat yet: {error.strerror}"
    return f"the last heartbeat was {age:.0f} s ago" if age > LATE_SECONDS else None


def answering(url: str) -> str | None:
    """The problem with the server at an http URL; None if healthy."""
    if not url.startswith("http://"):
        return "the URL must begin with http://"
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - as just seen
            return None
    except HTTPError as error:
        error.close()
        return None if error.code < 500 else f"it answers {error.code}"
    except (URLError, OSError) as error:
        return f"it does not answer: {error}"


def main(argv: list[str]) -> int:
    """Run a health check; return its exit status."""
    match argv:
        case ["beating"]:
            problem = beating()
        case ["answering", url]:
            problem = answering(url)
        case _:
            problem = __doc__
    if problem:
        print(visible_lines(problem), file=sys.stderr)
    return int(bool(problem))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
