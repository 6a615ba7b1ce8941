"""The faults of a backfill, at boundaries that a seed chooses; and ledgers in SQLite files.

Each process also works in slices of another size, and counts its slices: those it recorded, and those it committed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL
from typing import Any, Literal, NamedTuple

from backfill.domains import legacy_rows, scripts
from backfill.domains.base import ItemWork
from backfill.domains.flat import slices
from backfill.runs.item_worker import ItemWorker
from repos import fault_points
from repos.backfill.item import ClaimLost
from tests.faults.fault_injector import FaultInjector

Action = Literal["kill", "kill node", "drop connection", "kill database", "kill broker"]

WORKERS = 2
# A fault happens at one of the next so many boundaries that a process comes by.
MAX_PASSAGES = 50
ROWS_PER_TRANSACTION = (3, 20, 400)
# A fault costs the slice that is at work in its own process, if there is one. The database takes that of the others
# with it; the broker has no part in a slice.
IN_OTHERS: dict[Action, int] = {"kill database": WORKERS - 1}
COSTS_NOTHING: tuple[Action, ...] = ("kill broker",)
# With no time at all, a slice of a script ends after its first save.
SLICE_SECONDS = (0.0, 0.0, 0.02, 10.0)


class Limits(NamedTuple):
    """How many faults happen in all processes, and what kinds."""

    faults: int
    actions: tuple[Action, ...]


class Happened:
    """What has happened so far in all processes, a byte each; `output` is where each fault is printed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.output = os.dup(1)
        # Whether this process has recorded a slice and not committed it yet.
        self.is_at_work = False
        for name in ("faults", "recorded", "committed", "may be lost"):
            (folder / name).touch()

    def count(self, name: str) -> int:
        """How often something happened."""
        return (self._folder / name).stat().st_size

    def note(self, name: str) -> None:
        """Note that it happens once more; also for a process that ends at once."""
        with (self._folder / name).open("ab") as file:
            file.write(b".")

    def note_cost(self, action: Action) -> None:
        """Note the slices that a fault in this process may cost."""
        here = self.is_at_work and action not in COSTS_NOTHING
        for _ in range(here + IN_OTHERS.get(action, 0)):
            self.note("may be lost")

    def runs(self, action: Action, process: int) -> None:
        """Know the process of a server that this action kills."""
        (self._folder / action).write_text(str(process))

    def kill(self, action: Action) -> bool:
        """Kill a server; returns whether it ran."""
        try:
            os.kill(int((self._folder / action).read_text()), SIGKILL)
        except ProcessLookupError:
            return False
        return True


class Faults(FaultInjector):
    """Faults in this process, at boundaries that a seed chooses.

    The processes of the database and the broker are those that `Happened` knows at the time.
    """

    def __init__(self, seed: str, happened: Happened, limits: Limits) -> None:
        super().__init__(None, "any")  # type: ignore[arg-type]  # there is no plan of several processes
        self._chosen = random.Random(seed)
        self._happened = happened
        self._limits = limits
        self._choose()

    def install(self) -> None:
        fault_points.listener = self
        self._watch_driver()

    def _choose(self) -> None:
        """What happens next in this process, and where."""
        self._left = self._chosen.randint(1, MAX_PASSAGES)
        self._action = self._chosen.choice(self._limits.actions)
        self._by_server = self._chosen.random() < 0.5

    def __call__(self, boundary: str, request: Any = None) -> None:  # noqa: ARG002 - there is no message
        self._left -= 1
        if self._left or self._happened.count("faults") >= self._limits.faults:
            return
        action, by_server = self._action, self._by_server
        self._choose()
        if action in ("kill database", "kill broker") and not self._happened.kill(action):
            return  # it is being started again
        self._happened.note("faults")
        self._happened.note_cost(action)
        os.write(self._happened.output, f"{action} at {boundary}\n".encode())
        if action == "kill":
            os.kill(os.getpid(), SIGKILL)
        elif action == "kill node":
            os.killpg(0, SIGKILL)
        elif action == "drop connection":
            self._drop(by_server=by_server)


def choose_sizes(seed: str) -> None:
    """Work in batches and slices of sizes that a seed chooses, in this process."""
    chosen = random.Random(seed)
    legacy_rows.ROWS_PER_TRANSACTION = slices.ROWS_PER_TRANSACTION = chosen.choice(ROWS_PER_TRANSACTION)
    seconds = chosen.choice(SLICE_SECONDS)
    scripts.MIN_SLICE_SECONDS = seconds
    defaults = ItemWorker.__init__.__kwdefaults__
    defaults["slice_seconds"] = seconds


def count_slices(happened: Happened) -> None:
    """Count the slices of this process."""
    record, committed = ItemWork.record, ItemWork.committed
    ItemWork.record = _noting(happened, "recorded", record)  # type: ignore[method-assign]
    ItemWork.committed = _noting(happened, "committed", committed)  # type: ignore[method-assign]


def _noting(happened: Happened, name: str, method: Callable[..., None]) -> Callable[..., None]:
    def noted(self: ItemWork, *args: Any, **options: Any) -> None:
        happened.note(name)
        happened.is_at_work = name == "recorded"
        try:
            method(self, *args, **options)
        except ClaimLost:
            # The claim was expired while its worker was alive: that costs it the slice.
            happened.note("may be lost")
            raise

    return noted


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
