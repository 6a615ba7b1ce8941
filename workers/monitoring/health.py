"""Health: how a process is seen to be well from outside, for container health checks and service managers.

    python -m workers.monitoring.health beating         was the file that SCRIPTLEDGER_HEARTBEAT names touched lately?
    python -m workers.monitoring.health answering URL   does anything answer there, if only that it wants a password?

The exit status says it: 0 is well, and of 1 the reason is on standard error. The main process of a worker, and beat,
touch the file while their loop goes round. Asking a worker over the broker instead would import the whole program each
time, and find the busy ones ill.
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
LATE_SECONDS = 120.0
"""Longer than a task may keep the one process of a solo worker, and than a broker takes to come back."""


def beat() -> None:
    """Touch the file of the heartbeat, where one is named. A full disk is not what it tells of."""
    if name := os.environ.get(VARIABLE):
        with suppress(OSError):
            # Not through a link: the file may be in a folder where others write too.
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
            try:
                os.utime(handle)
            finally:
                os.close(handle)


def beating() -> str | None:
    """What is wrong with the heartbeat; None if nothing is."""
    name = os.environ.get(VARIABLE)
    if not name:
        return f"{VARIABLE} names no file"
    try:
        age = time.time() - Path(name).stat().st_mtime
    except OSError as error:
        return f"no heartbeat yet: {error.strerror}"
    return f"the last heartbeat was {age:.0f} s ago" if age > LATE_SECONDS else None


def answering(url: str) -> str | None:
    """What is wrong with what should answer at an http URL; None if nothing is."""
    if not url.startswith("http://"):
        return "only http is asked"
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - as just seen
            return None
    except HTTPError as error:
        error.close()
        return None if error.code < 500 else f"it answers {error.code}"
    except (URLError, OSError) as error:
        return f"it does not answer: {error}"


def main(argv: list[str]) -> int:
    """What a health check calls; its exit status."""
    match argv:
        case ["beating"]:
            wrong = beating()
        case ["answering", url]:
            wrong = answering(url)
        case _:
            wrong = __doc__
    if wrong:
        print(visible_lines(wrong), file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
