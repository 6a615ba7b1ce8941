"""The faults of a backfill: one in each process, at a boundary that a seed chooses; and ledgers in SQLite files."""

from __future__ import annotations

import os
import random
from pathlib import Path
from signal import SIGKILL
from typing import Any

from repos import fault_points
from tests.faults.fault_injector import FaultInjector

# A fault happens at one of so many of the boundaries that a process comes by, counted from its start.
MAX_PASSAGES = 60
ACTIONS = ("kill", "kill", "drop connection", "kill database")


class Faults(FaultInjector):
    """One fault in this process, at a boundary that a seed chooses."""

    def __init__(self, seed: str, happened: Path, server: int) -> None:
        super().__init__(None, "any")  # type: ignore[arg-type]  # there is no plan of several processes
        chosen = random.Random(seed)
        self._left = chosen.randint(1, MAX_PASSAGES)
        self._action = chosen.choice(ACTIONS) if server else "kill"
        self._by_server = chosen.random() < 0.5
        self._happened = happened
        self._server = server

    def install(self) -> None:
        fault_points.listener = self
        if self._server:
            self._watch_driver()

    def __call__(self, boundary: str, request: Any = None) -> None:  # noqa: ARG002 - there is no message
        self._left -= 1
        if self._left:
            return
        with self._happened.open("ab") as file:
            file.write(b".")
        os.write(1, f"{self._action} at {boundary}\n".encode())
        if self._action == "kill":
            os.kill(os.getpid(), SIGKILL)
        elif self._action == "kill database":
            os.kill(self._server, SIGKILL)
        else:
            self._drop(by_server=self._by_server)


class Files:
    """Ledgers in SQLite files, which no server holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def create_database(self) -> str:
        """The URL of a file that does not exist yet."""
        self._made += 1
        return f"sqlite:///{self._folder / f'ledger-{self._made}.db'}"

    def drop_database(self, url: str) -> None:
        """Remove a file."""
        Path(url.removeprefix("sqlite:///")).unlink()

    def answers(self) -> bool:
        """Files always do."""
        return True

    def restart(self) -> None:
        """Nothing runs."""
