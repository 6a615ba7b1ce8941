"""Health checks of a process, for containers and service managers.

    python -P -m workers.monitoring.health ready           can the process do its work now?
    python -P -m workers.monitoring.health beating         was the file in SCRIPTLEDGER_HEARTBEAT touched recently?
    python -P -m workers.monitoring.health answering URL   does the URL respond? HTTP 401 counts as healthy

The exit status is 0 when healthy, and 1 with the reason on standard error. The main process of a worker, and beat,
touch the file while their event loop runs, and write what they found about their servers into a file next to it.
Pinging a worker through the broker would import the whole program each time, and report busy workers as unhealthy.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError

from domain.visible_text import visible_lines

VARIABLE = "SCRIPTLEDGER_HEARTBEAT"
EVERY_SECONDS = 5.0
# Longer than a task may occupy the only process of a solo worker, and longer than a broker takes to restart.
LATE_SECONDS = 120.0
# A report is written every `EVERY_SECONDS`, and later by what its checks may wait for servers that hang.
OLD_SECONDS = 12.0
# The kinds of processes that report: a worker with an embedded beat is both.
KINDS = ("worker", "beat")
MAX_REPORT_BYTES = 10_000


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


def report(kind: str, problems: Sequence[str]) -> None:
    """Write what keeps this process from its work, if a heartbeat file is configured. Errors are ignored, as above."""
    name = os.environ.get(VARIABLE)
    if not name:
        return
    path, new = f"{name}.{kind}", f"{name}.{kind}.new"
    with suppress(OSError):
        Path(new).unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(list(problems), file)
        # At once, so that a reader finds a whole report; a link in its place is replaced.
        Path(new).replace(path)


def forget_reports() -> None:
    """Remove the reports of a process that ran before, perhaps of another kind."""
    if name := os.environ.get(VARIABLE):
        for kind in KINDS:
            with suppress(OSError):
                Path(f"{name}.{kind}").unlink(missing_ok=True)


def ready() -> str | None:
    """What keeps the process from its work; None if nothing does."""
    name = os.environ.get(VARIABLE)
    if not name:
        return f"{VARIABLE} names no file"
    reports = [path for kind in KINDS if (path := Path(f"{name}.{kind}")).exists()]
    problems = [problem for path in reports for problem in _reported(path)]
    if not reports:
        problems.append("it has not reported yet")
    return "\n".join(problems) or None


def _reported(path: Path) -> list[str]:
    try:
        age = time.time() - path.stat().st_mtime
        with path.open("rb") as file:
            problems = [str(problem) for problem in json.loads(file.read(MAX_REPORT_BYTES))]
    except (OSError, ValueError, TypeError) as error:
        return [f"its report cannot be read: {type(error).__name__}"]
    if age > OLD_SECONDS:
        problems.append(
            f"its main loop reported {age:.0f} s ago: it is busy, waits for the broker or the database, or hangs"
        )
    return problems


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
        case ["ready"]:
            problem = ready()
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
