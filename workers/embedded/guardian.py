"""The guardian: a process between ours and a service, which kills the service when our process is gone.

Run as a script, by path and isolated (`python -I -S guardian.py`): 0.03 s, 10 MB, none of our modules imported.

    guardian.py <pid of our process> <directory to remove if that dies, or empty> <program> [argument ...]

Our process holds the other end of standard input: a byte in it means kill, end of file means that our process is gone.
SIGTERM is forwarded. The exit status is the service's. A parent-death signal alone is not enough: macOS has none, and
on Linux it already fires when the *thread* that started the service ends.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
from contextlib import suppress

PR_SET_PDEATHSIG = 1
LOOK_AROUND = 0.5  # seconds between polls of the parent; needed if a fork of our process holds the pipe open


def main(parent: int, sweep: str, argv: list[str]) -> int:
    guardian = os.getpid()
    service = os.fork()
    if service == 0:
        become(argv, guardian)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(service, signal.SIGTERM))
    orphaned = threading.Event()
    threading.Thread(target=watch, args=(parent, service, orphaned), daemon=True).start()

    code = os.waitstatus_to_exitcode(os.waitpid(service, 0)[1])
    kill_group(service)  # its remaining children
    if orphaned.is_set() and sweep:
        os.spawnvp(os.P_WAIT, "rm", ["rm", "-rf", "--", sweep])  # noqa: S606 - no shell; PATH knows rm
    return code if code >= 0 else 128 - code


def become(argv: list[str], guardian: int) -> None:
    """Exec the service, in its own process group; on Linux it dies with the guardian."""
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would inherit that
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guardian:
            os._exit(1)
    try:
        os.execv(argv[0], argv)  # noqa: S606 - without a shell
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(127)


def watch(parent: int, service: int, orphaned: threading.Event) -> None:
    """Kill the service when our process sends a byte, or is gone."""
    while not select.select([0], [], [], LOOK_AROUND)[0]:
        if os.getppid() != parent:
            orphaned.set()
            break
    else:
        if not os.read(0, 1):
            orphaned.set()
    kill_group(service)


def kill_group(leader: int) -> None:
    with suppress(OSError):  # the group is empty
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
