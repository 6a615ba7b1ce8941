"""The command line in processes that are forked from one that has imported everything.

Starting Python and importing everything takes a second, the command itself a few hundredths. The start itself, which
this leaves out, is tested with ordinary processes elsewhere.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.command_line import VERBS, module_of
from cli.main import main

FORKS = multiprocessing.get_context("forkserver")
# Typer loads pydantic, where that is installed, for the first option it reads: most of the time of a forked command.
READING_OPTIONS = "typer._adapters"
FORKS.set_forkserver_preload([READING_OPTIONS, *(module_of(name) for names in VERBS.values() for name in names)])


def run_warm(
    args: Sequence[str], environ: Mapping[str, str], folder: Path, streams: tuple[Path, Path, Path], timeout: float
) -> int:
    """Run a command with its three streams in files; its exit status."""
    process = FORKS.Process(target=_become, args=(list(args), dict(environ), folder, streams))
    process.start()
    process.join(timeout)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"{args} took longer than {timeout} s")
    status = process.exitcode
    process.close()
    return int(status or 0)


def _become(args: list[str], environ: dict[str, str], folder: Path, streams: tuple[Path, Path, Path]) -> None:
    given, out, err = streams
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    os.dup2(os.open(given, os.O_RDONLY), 0)
    os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT), 1)
    os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT), 2)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - for good
    sys.argv = ["scriptledger", *args]
    main()
