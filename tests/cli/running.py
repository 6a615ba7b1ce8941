"""The command line as people run it: in a process of its own and a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.cli.documents import check_document
from tests.cli.warm import run_warm

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "cli" / "samples" / "tare_weight.fountain"
COMMAND = [sys.executable, "-m", "cli.main"]


class Ran(NamedTuple):
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """`scriptledger` in one home, with nothing else in its environment.

    `warm` processes are forked from one that has imported everything. Otherwise `program` is started.
    """

    def __init__(self, home: Path, *, warm: bool = False, program: Sequence[str] = COMMAND, **environ: str) -> None:
        self.home = home
        self._program = program
        self._warm = warm
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SCRIPTLEDGER_")},
            "SCRIPTLEDGER_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            **environ,
        }

    def __call__(self, *args: object, given: str | bytes = b"", timeout: float = 120, **environ: str) -> Ran:
        """Run a command to its end; `given` is its standard input."""
        given = given.encode() if isinstance(given, str) else given
        ran = self._ran([*map(str, args)], given, {**self.environ, **environ}, timeout)
        check_document([*map(str, args)], ran.out)
        return ran

    def _ran(self, args: list[str], given: bytes, environ: dict[str, str], timeout: float) -> Ran:
        if self._warm:
            return self._run_warm(args, given, environ, timeout)
        done = subprocess.run(
            [*self._program, *args],
            input=given,
            capture_output=True,
            env=environ,
            cwd=self.home.parent,
            timeout=timeout,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def _run_warm(self, args: list[str], given: bytes, environ: dict[str, str], timeout: float) -> Ran:
        with tempfile.TemporaryDirectory() as folder:
            streams = (Path(folder, "in"), Path(folder, "out"), Path(folder, "err"))
            streams[0].write_bytes(given)
            status = run_warm(args, environ, self.home.parent, streams, timeout)
            return Ran(status, streams[1].read_text(), streams[2].read_text())

    def start(self, *args: object, stdin: int = subprocess.DEVNULL, **environ: str) -> subprocess.Popen[str]:
        """Start a command as the foreground job of a shell, in a group of its own; its outputs are one."""
        return subprocess.Popen(
            [*self._program, *map(str, args)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.environ, **environ},
            cwd=self.home.parent,
            text=True,
            process_group=0,
        )

    def submit(self, submission: dict[str, Any], *args: object) -> Ran:
        """Send a submission from standard input."""
        return self("submit", "-", *args, given=json.dumps(submission))


def sentence(ran: Ran) -> str:
    """The one sentence on standard error that a command failed with."""
    assert "Traceback" not in ran.err
    assert ran.err.startswith("scriptledger: ")
    assert ran.err.count("\n") == 1
    return ran.err.removeprefix("scriptledger: ").strip()


def offspring(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that a running command has started."""
    return psutil.Process(process.pid).children(recursive=True)


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """Interrupt a whole group, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
