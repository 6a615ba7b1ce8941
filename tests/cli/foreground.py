"""`scriptledger dev` in the foreground, as in a terminal of its own."""

from __future__ import annotations

import re
import subprocess
from threading import Thread
from types import TracebackType
from typing import Self

import psutil

from tests.cli.running import CommandLine, wait_until
from workers.process.roles import ROLES


class Dev:
    """The running command, and its output so far."""

    def __init__(self, cli: CommandLine, *args: object) -> None:
        self.cli = cli
        self.home = cli.home
        self.process: subprocess.Popen[str] = cli.start("dev", *args, PYTHONUNBUFFERED="1")
        self._rows: list[str] = []
        self._reader = Thread(target=lambda: self._rows.extend(self.process.stdout or ()), daemon=True)
        self._reader.start()

    def output(self) -> str:
        """All output so far."""
        return "".join(self._rows)

    def wait_for(self, *lines: str) -> None:
        """Wait until it has printed these lines; the number of spaces after the name of a service does not matter."""
        wait_until(lambda: all(line in re.sub(" {2,}", " ", self.output()) for line in lines))

    def wait_until_ready(self) -> None:
        """Wait for every service."""
        self.wait_for(*(f"{name} ready" for name in (*ROLES, "beat", "page", "flower")))

    @property
    def flower(self) -> tuple[str, str, str]:
        """The URL of Flower, and the user and password it requires."""
        self.wait_for("password")
        match = re.search(r"flower +(\S+) +user (\w+), password (\S+)", self.output())
        assert match is not None
        return match[1], match[2], match[3]

    @property
    def page(self) -> tuple[str, str, str]:
        """The URL, user and password of the operator's page."""
        match = re.search(r"page +(\S+) +user (\w+), password (\S+)", self.output())
        assert match is not None
        return match[1], match[2], match[3]

    @property
    def flower_port(self) -> int:
        """The port that Flower listens on."""
        return int(self.flower[0].rstrip("/").rpartition(":")[2])

    def services(self) -> list[psutil.Process]:
        """All processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def service(self, name: str) -> psutil.Process:
        """The process of a service, below its guardian."""
        processes = [process for process in self.services() if name in _line(process)]
        return max(processes, key=lambda process: len(process.parents()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:  # a test failed
            self.process.kill()
            self.ended()

    def ended(self) -> int:
        """Wait for its end; the exit status."""
        status = self.process.wait(30)
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()
        return status


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
