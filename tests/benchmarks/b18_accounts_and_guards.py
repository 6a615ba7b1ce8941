"""B18: `submit` with the account of a worker and guard triggers; against the same without either."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from repos.database.engine import make_engine
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.stage import Stage
from tests.benchmarks.submitting import COMMANDS_PER_SECOND, MICROSECONDS, OurWriter
from tests.gates.database.accounts.installed import InstalledLedger

KEY = "B18"
CPU = "µs of processor time a command"


def pairs(stage: Stage) -> Iterator[Pair]:
    """One command a submission, in two databases of one server."""
    # Names as they are used: the server hashes user, database and table for each table of each statement.
    guarded = InstalledLedger(stage.mariadb, name="scriptledger")
    assert guarded.gaps == []
    with stage.database("plain_ledger") as plain:
        engine = make_engine(guarded.url_of("worker"))
        sides = [OurWriter(engine, 1), OurWriter(plain, 1)]
        [(pid_file,)] = stage.mariadb.execute("SELECT @@pid_file")
        server = _cpu_clock(int((stage.mariadb.data / pid_file).read_text()))
        # Turns of some 30 ms, and many: a disk or a core that others share is slow for seconds at a time, and then for
        # both. Longer turns made the ratio of one run another than that of the next by several percent.
        count = stage.count(20, quick=20)
        ours, reference = (partial(_measured, side, server, count) for side in sides)
        goals = (Goal(COMMANDS_PER_SECOND, "commands/s", "at least", 0.98), Goal(CPU, "µs", "at most", 1.02))
        yield Pair(KEY, "submit with accounts and guards; without", ours, reference, goals, stage.count(400, quick=1))
        engine.dispose()
    guarded.remove()


def _cpu_clock(pid: int) -> int:
    """The clock of the processor time of a process (clock_getcpuclockid), which counts nanoseconds; /proc has 10 ms."""
    return ~pid << 3 | 2


def _measured(side: OurWriter, server: int, count: int) -> Figures:
    """How long it takes, and the processor time of this process and the server."""
    before = time.process_time() + time.clock_gettime(server)
    figures = side.measure(count)
    used = time.process_time() + time.clock_gettime(server) - before
    return {
        COMMANDS_PER_SECOND: figures[COMMANDS_PER_SECOND],
        MICROSECONDS: figures[MICROSECONDS],
        CPU: used / count * 1e6,
    }
