"""A child process that never outlives the process that started it, even if that one is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from repos.private_file import private_opener

# A umask: only the owner may access new files.
PRIVATE = 0o077
GUARDIAN = Path(__file__).with_name("guardian.py")


class Child:
    """A service in its own session, so that Ctrl-C does not reach it; only `stop` and `kill` end it.

    `argv` begins with the absolute path of the program. Both outputs are appended to the file `log`. `sweep`
    is a directory that is removed if our process dies before it has ended the service. `keep` are file
    descriptors the service inherits, `environ` is added to the environment it inherits. Only the owner may access the
    files it creates. A fork of our process cannot end it: `Popen` signals only its own children.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        log: Path,
        sweep: Path | None = None,
        keep: Sequence[int] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        guardian = [sys.executable, "-I", "-S", str(GUARDIAN), str(os.getpid()), str(sweep or "")]
        with open(log, "ab", opener=private_opener) as output:
            self._guardian = subprocess.Popen(  # noqa: S603 - a list of our own making, no shell
                [*guardian, *map(str, argv)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=keep,
                env={**os.environ, **(environ or {})},
                start_new_session=True,
                umask=PRIVATE,
            )

    def running(self) -> bool:
        """Whether the service has not ended yet."""
        return self._guardian.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the service to end and return its exit status; raises `subprocess.TimeoutExpired`."""
        self._guardian.wait(timeout)
        self._guardian.communicate()  # closes the pipe
        return self._guardian.returncode

    def stop(self, timeout: float = 10.0) -> None:
        """Send SIGTERM to the service, wait `timeout` seconds, then kill it."""
        try:
            self._guardian.terminate()  # which forwards the signal
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill the service at once, like a power cut, with nothing saved."""
        # Through the guardian: its end means that the service is gone too, with its ports and locks.
        self._guardian.communicate(b"k" if self.running() else None)

    def last_words(self, lines: int = 5) -> str:
        """The last lines of the service's output, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
