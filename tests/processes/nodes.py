"""Local processes in the place of the containers that pytest-celery's nodes are made for.

A node asks its container for little: whether it is ready, what it logged, to kill it, to start it again. What is here
answers those questions for a process, so `CeleryTestWorker` and `CeleryTestBroker` work as they come.
"""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, Signals

import celery
import psutil
from pytest_celery import CeleryTestBroker, CeleryTestWorker

from tests.services.private import PrivateServer
from workers.embedded.child_process import Child
from workers.monitoring.health import VARIABLE
from workers.process.command_lines import BEAT, ENVIRON, worker_command
from workers.process.roles import Role
from workers.settings import Settings

TIMEOUT_SECONDS = 60.0  # seconds a worker may take to start on a busy machine; it takes three


class LocalProcess(ABC):
    """What pytest-celery's nodes want of a container."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.id = name

    @property
    @abstractmethod
    def status(self) -> str:
        """Docker's words: running, or exited."""

    @property
    @abstractmethod
    def celeryconfig(self) -> dict[str, str]:
        """What Celery needs to know to use it."""

    @abstractmethod
    def ready(self) -> bool:
        """Wait until it does what it is for."""

    @abstractmethod
    def logs(self) -> str:
        """All it wrote."""

    @abstractmethod
    def kill(self, signal: str | int = "SIGKILL") -> None:
        """Send it a signal."""

    @abstractmethod
    def restart(self, timeout: float) -> None:
        """End it if it runs, and start it again."""

    @abstractmethod
    def teardown(self) -> None:
        """End it, at once."""

    def reload(self) -> bool:
        """Look again how it is; nothing is remembered here."""
        return self.status == "running"


class LocalWorker(LocalProcess):
    """A Celery worker with the command line and the environment that `workers.process.command_lines` gives one.

    `app` is another module to find the app in, for a worker that knows more than ours.
    """

    def __init__(
        self,
        role: Role,
        settings: Settings,
        logs: Path,
        *,
        name: str,
        beat: bool = False,
        app: str = "workers.app",
        concurrency: int = 2,
        heartbeat: Path | None = None,
    ) -> None:
        super().__init__(name)
        self.role = role
        self._folder = logs
        own = {f"--hostname={role.name}@%h": f"--hostname={name}@%h"}
        argv = worker_command(role, concurrency=concurrency, flags=[BEAT] if beat else [])
        argv = [own.get(word, word) for word in argv]
        if app != "workers.app":
            argv = [sys.executable, "-m", "celery", "-A", app, "--quiet", *argv[argv.index("worker") :]]
        self._argv = argv
        # A worker that loses its broker leaves what it held in a temporary file.
        self._environ = {**ENVIRON, **settings.to_env(), "TMPDIR": str(logs)}
        if heartbeat is not None:
            self._environ[VARIABLE] = str(heartbeat)
        self._starts = 0
        self._child: Child
        self._guardian: psutil.Process

    def start(self) -> None:
        """Start it and return at once."""
        self._starts += 1
        mine = {process.pid for process in psutil.Process().children()}
        self._child = Child(self._argv, log=self._log(self._starts), environ=self._environ)
        [self._guardian] = [process for process in psutil.Process().children() if process.pid not in mine]

    @property
    def status(self) -> str:
        return "running" if self._child.running() else "exited"

    @property
    def main(self) -> psutil.Process:
        """The main process of the worker."""
        [main] = self._guardian.children()
        return main

    @property
    def pool(self) -> list[psutil.Process]:
        """The processes its tasks run in."""
        return self.main.children()

    @property
    def celeryconfig(self) -> dict[str, str]:
        return {}

    def ready(self) -> bool:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self.hostname() is None:
            assert self._child.running(), f"{self.name} ended:\n{self._child.last_words(20)}"
            assert time.monotonic() < deadline, f"{self.name} does not start:\n{self._child.last_words(20)}"
            time.sleep(0.05)
        return True

    def hostname(self) -> str | None:
        """The name it goes by in Celery since its last start, or None while it starts."""
        for line in self._log(self._starts).read_text(errors="replace").splitlines():
            if "worker.ready" in line:
                return line.partition("name=")[2].split()[0]
        return None

    def logs(self) -> str:
        return "".join([self._log(start + 1).read_text(errors="replace") for start in range(self._starts)])

    def kill(self, signal: str | int = "SIGKILL") -> None:
        """SIGKILL ends the whole node, its pool too; another signal goes to its main process, as an operator's does."""
        if number_of(signal) == SIGKILL:
            self._child.kill()
        else:
            self.main.send_signal(number_of(signal))

    def kill_pool(self) -> None:
        """End the processes its tasks run in, and let it go on."""
        for process in self.pool:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def freeze(self) -> None:
        """Stop the whole node in its tracks."""
        for process in (self.main, *self.pool):
            process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for process in (*self.pool, self.main):
            process.resume()

    def wait(self, timeout: float) -> int:
        """Wait for it to end; its exit status."""
        return self._child.wait(timeout)

    def restart(self, timeout: float = TIMEOUT_SECONDS) -> None:  # noqa: ARG002 - pytest-celery's
        self._child.kill()
        self.start()

    def teardown(self) -> None:
        self._child.kill()

    def version(self) -> str:
        return str(celery.__version__)

    def worker_name(self) -> str:
        return self.role.name

    def worker_queue(self) -> str:
        return self.role.queue

    def log_level(self) -> str:
        return "INFO"

    def _log(self, start: int) -> Path:
        return self._folder / f"{self.name}-{start}.log"


class LocalServer(LocalProcess):
    """A broker: one of our private servers, or one that was named, which must keep running."""

    def __init__(self, url: str, server: PrivateServer | None = None) -> None:
        super().__init__("broker")
        self._url = url
        self._server = server

    @property
    def status(self) -> str:
        return "running" if self._server is None or self._server.answers() else "exited"

    @property
    def celeryconfig(self) -> dict[str, str]:
        return {"url": self._url, "host_url": self._url}

    def ready(self) -> bool:
        return self.status == "running"

    def logs(self) -> str:
        return ""

    def kill(self, signal: str | int = "SIGKILL") -> None:
        assert self._server, "this broker is not ours to kill"
        if number_of(signal) == SIGKILL:
            self._server.kill()
        else:
            self._server.stop()

    def restart(self, timeout: float = TIMEOUT_SECONDS) -> None:  # noqa: ARG002 - pytest-celery's
        assert self._server, "this broker is not ours to restart"
        self._server.restart()

    def teardown(self) -> None:
        """The process that started the server ends it."""


def start_together(workers: Iterable[LocalWorker]) -> list[CeleryTestWorker]:
    """Start workers at once and wait for all of them: most of a start is importing, which they do side by side."""
    workers = list(workers)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.ready()
    return [CeleryTestWorker(worker, app=None) for worker in workers]


def stop_together(workers: Iterable[LocalWorker], timeout: float) -> list[int]:
    """Ask workers to stop, all at once, and wait for each; their exit statuses."""
    workers = list(workers)
    for worker in workers:
        worker.kill("SIGTERM")
    return [worker.wait(timeout) for worker in workers]


def broker_node(url: str, server: PrivateServer | None = None) -> CeleryTestBroker:
    """A broker as pytest-celery's node."""
    return CeleryTestBroker(LocalServer(url, server), app=None)


def number_of(signal: str | int) -> int:
    return Signals[signal] if isinstance(signal, str) else signal
