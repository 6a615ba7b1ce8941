"""Private servers for tests: with their own data and port, removed with the process that started them."""

from __future__ import annotations

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.services.places import Port, find_program, make_home
from workers.embedded.child_process import Child

# Limit for a start or a stop on a busy machine; either usually takes a second at most.
TIMEOUT_SECONDS = 60.0
# How many ports a start tries.
ATTEMPTS = 5


class ServerStartError(RuntimeError):
    """The server did not start; the message is the end of its log."""


class PrivateServer(ABC):
    """One server. With `durable` every commit is on disk, as in production; otherwise its data is in memory.

    Data and port stay the same from start to start, so clients can reconnect after `restart`.
    """

    program: ClassVar[str]

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self._command = self.command()
        self._home = make_home(durable=durable)
        self._port: Port | None = None
        self._child: Child | None = None
        self._spawned = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def command(self) -> list[str]:
        """The program, with any arguments that precede its options; raises `ServerMissingError`."""
        return [find_program(self.program)]

    @abstractmethod
    def options(self) -> list[str]:
        """The command line after the program."""

    @abstractmethod
    def initialise(self) -> None:
        """Fill the new, empty data directory."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server accepts requests on its unix socket; on the port another server might answer."""

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        assert self._port, "never started"
        return self._port.number

    @property
    def socket(self) -> Path:
        """The unix socket."""
        return self._home / "sock"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._home / "data"

    def start(self) -> None:
        """Start, the first time on fresh data, and return once it answers; raises `ServerStartError`."""
        with ExitStack() as undo:
            undo.callback(self.discard)
            if not self.data.exists():
                self.data.mkdir()
                self.initialise()
            attempts = 1 if self._port else ATTEMPTS
            while not self._launch():
                attempts -= 1
                if not attempts or "in use" not in self._log_end():
                    raise ServerStartError(self._log_end())
                self._port = None
            undo.pop_all()

    def run(self, argv: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        """Run a program to its end while no server runs; raises `ServerStartError`."""
        self._child = self._spawn(argv, environ)
        if self._child.wait(TIMEOUT_SECONDS):
            raise ServerStartError(self._log_end())

    def stop(self) -> None:
        """Shut down as an operator would."""
        if self._child:
            self._child.stop(TIMEOUT_SECONDS)

    def kill(self) -> None:
        """End the process as a crash would; data already passed to the operating system stays on disk."""
        if self._child:
            self._child.kill()

    def restart(self) -> None:
        """Start again on the same data and port; a server that still runs is stopped first."""
        self.stop()
        self.start()

    def discard(self) -> None:
        """Kill the process and remove its directory."""
        self.kill()
        if self._port:
            self._port.release()
        shutil.rmtree(self._home, ignore_errors=True)

    def _launch(self) -> bool:
        self._port = self._port or Port()
        self._child = self._spawn([*self._command, *self.options()])
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self.answers():
            if not self._child.running() or time.monotonic() > deadline:
                self._child.kill()
                return False
            time.sleep(0.02)
        return True

    def _spawn(self, argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Child:
        self._spawned += 1
        return Child(argv, log=self._home / f"log-{self._spawned}", sweep=self._home, environ=environ)

    def _log_end(self) -> str:
        return self._child.last_words(30) if self._child else ""
