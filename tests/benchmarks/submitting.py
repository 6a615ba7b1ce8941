"""Submitting in process: one ledger on one connection, and the raw transaction for comparison."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql

from materialization.write_path.submit import Ledger
from repos.database.engine import Engine
from repos.unit_of_work import UnitOfWork
from tests.benchmarks.frame import Figures
from tests.benchmarks.references.raw_transaction import RawWriter
from tests.benchmarks.scripts import EditedScript
from tests.benchmarks.stage import Stage

COMMANDS_PER_SECOND = "commands/s"
MICROSECONDS = "µs a command"


class OurWriter:
    """A script that is edited through `submit`."""

    def __init__(self, engine: Engine, script_id: int, *, lines: int = 50) -> None:
        self._ledger = Ledger(UnitOfWork(engine))
        self._script = EditedScript(script_id, lines)
        self._ledger.submit(self._script.create())
        self._ledger.submit(self._script.edit())

    def measure(self, submissions: int, commands: int = 1) -> Figures:
        """Submit one after the other; how many commands a second that makes, and how long each takes."""
        written = [self._script.edit(commands) for _ in range(submissions)]
        began = time.perf_counter()
        for submission in written:
            assert self._ledger.submit(submission).outcome == "applied"
        return figures(submissions * commands, time.perf_counter() - began)


class RawSide:
    """A script that is written to by bare statements."""

    def __init__(self, connection: pymysql.Connection[Any], script_id: int) -> None:
        self._writer = RawWriter(connection, script_id)

    def measure(self, commands: int) -> Figures:
        """Write one after the other."""
        began = time.perf_counter()
        for _ in range(commands):
            self._writer.write()
        return figures(commands, time.perf_counter() - began)


def figures(commands: int, seconds: float) -> Figures:
    """The same, as a rate and as a cost."""
    return {COMMANDS_PER_SECOND: commands / seconds, MICROSECONDS: seconds / commands * 1e6}


@contextmanager
def raw_connection(stage: Stage, engine: Engine, **options: Any) -> Iterator[pymysql.Connection[Any]]:
    """A bare connection to the database of an engine, in the isolation level that ours has."""
    command = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    with stage.mariadb.connect(database=engine.url.database, init_command=command, **options) as connection:
        yield connection
