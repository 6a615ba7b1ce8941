"""Commands bring their services, or use those that run; `dev` keeps them running."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import psutil
import pytest

from tests.cli.edits import creation
from tests.cli.running import CommandLine, press_ctrl_c, wait_until
from tests.services.processes import survivors

pytestmark = pytest.mark.slow


class Dev:
    """`scriptledger dev` in the foreground, and what it has printed."""

    def __init__(self, cli: CommandLine) -> None:
        self.process = cli.start("dev", PYTHONUNBUFFERED="1")
        self._rows: list[str] = []
        self._reader = Thread(target=lambda: self._rows.extend(self.process.stdout or ()), daemon=True)
        self._reader.start()

    def said(self) -> str:
        return "".join(self._rows)

    def wait_for(self, *words: str) -> None:
        wait_until(lambda: all(word in self.said() for word in words))

    def ended(self) -> int:
        """Wait for its end; the exit status."""
        status = self.process.wait(30)
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()
        return status

    def service(self, name: str) -> psutil.Process:
        """The process of a service, below its guardian."""
        found = [each for each in psutil.Process(self.process.pid).children(recursive=True) if name in _line(each)]
        return max(found, key=lambda each: len(each.parents()))


def test_commands_of_one_home_that_run_at_once_share_the_services(alone: CommandLine):
    with ThreadPoolExecutor() as together:
        rans = list(together.map(lambda number: alone.submit(creation(number)), (7, 8, 9)))

    assert [ran.status for ran in rans] == [0, 0, 0], rans
    assert [row["script"] for row in alone("scripts", "--json").json["scripts"]] == [7, 8, 9]


def test_what_waits_in_a_home_is_answered_by_the_next_command(alone: CommandLine):
    assert alone.submit(creation(7), "--no-wait").status == 0

    assert alone.submit(creation(8)).status == 0

    assert alone("outcome", 7, "create-7", "--wait").status == 0


def test_dev_serves_commands_starts_again_what_ended_and_stops_at_once(alone: CommandLine):
    dev = Dev(alone)
    dev.wait_for("commands   ready", "reconcile  ready")
    assert alone.submit(creation(7)).status == 0
    assert alone("dev").status == 1  # it runs already

    dev.service("commands-").kill()
    dev.wait_for("commands   ended with status 137, again in 0.5 s", "commands   started")
    dev.service("valkey-server").kill()
    dev.wait_for("broker     ended", "broker     started")
    assert alone.submit(creation(8)).status == 0

    services = psutil.Process(dev.process.pid).children(recursive=True)
    began = time.monotonic()
    press_ctrl_c(dev.process)

    assert dev.ended() == 0
    assert time.monotonic() - began < 10
    assert dev.said().endswith("stopping\nstopped\n")
    assert not survivors(services)


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
