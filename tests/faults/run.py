"""`make faults`: the whole kill matrix, with one worker process and with four at once, and its table.

Exits with 1 if anything was lost, doubled, out of order, missing or does not match its hash.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from repos.phases import BOUNDARIES
from tests.faults.cluster import Cluster
from tests.faults.matrix import BY_PRODUCERS, Dose, Matrix, groups
from tests.faults.saboteur import ACTIONS
from tests.faults.table import Row, injected, table
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.settings import Settings

WHOLE = Dose(child=22, node=6, connection=9, delay=8)
"""45 faults at each of 24 boundaries, twice: 2,160, of which 240 end a whole node."""
SHORT = Dose(child=2, node=1, connection=1, delay=1)


class Size(NamedTuple):
    """How many nodes, and pool processes of each."""

    nodes: int
    concurrency: int

    def __str__(self) -> str:
        count = self.nodes * self.concurrency
        return f"{count} worker{'s' * (count > 1)}"


SIZES = (Size(1, 1), Size(2, 2))
CLUSTERS = (*[Size(1, 1)] * 6, Size(2, 2))
"""What runs at once. Those of one size share the rounds. With one worker most of the time is waiting: Celery notices
the end of a pool process that has just been forked with its next look around, up to five seconds later."""


class Report(NamedTuple):
    """Every row, and how often each action happened at each boundary."""

    rows: list[Row]
    injected: Counter[tuple[str, str]]

    @property
    def node_kills(self) -> int:
        """Whole nodes killed; producers do not count."""
        return sum(
            number
            for (boundary, action), number in self.injected.items()
            if action == "kill node" and boundary.partition(" ")[2] not in BY_PRODUCERS
        )

    def text(self) -> str:
        """Both tables."""
        return f"{table(self.rows)}\n\n{injected(self.injected, BOUNDARIES, ACTIONS)}"


def kill_matrix(folder: Path, dose: Dose, *, scripts: int, steps: int) -> Report:
    """Run the matrix with rounds of so many steps, and say of each when it is done."""
    with MariaDB() as database, ThreadPoolExecutor(len(CLUSTERS)) as pool:
        todo = {size: deque(groups(steps)) for size in SIZES}

        def run(number: int, size: Size) -> Report:
            home = folder / f"cluster-{number}"
            home.mkdir()
            with RedisServer() as broker:
                settings = Settings(home=home, database_url=database.create_database(), broker_url=broker.url)
                with Cluster(settings, home) as cluster:
                    cluster.start_nodes(size.nodes, concurrency=size.concurrency)
                    matrix = Matrix(cluster, dose, scripts=scripts)
                    rows = []
                    while todo[size]:
                        name, boundaries = todo[size].popleft()
                        rows.append(matrix.round(f"{name}, {size}", boundaries))
                        print(f"{time.strftime('%H:%M:%S')} {rows[-1].fault}: {rows[-1].cases} faults", flush=True)
                    return Report(rows, matrix.injected)

        found = list(pool.map(run, range(len(CLUSTERS)), CLUSTERS))
    return Report(
        [row for report in found for row in report.rows], sum((report.injected for report in found), Counter())
    )


def main() -> int:
    """Run, print, judge."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ledger-faults-") as folder:
        report = kill_matrix(Path(folder), WHOLE, scripts=32, steps=1)
    print(report.text())
    violations = [violation for row in report.rows for violation in row.violations]
    for violation in violations:
        print(violation)
    cases = sum(row.cases for row in report.rows)
    print(f"{cases} faults, {report.node_kills} of them ended a whole node, in {time.monotonic() - began:.0f} s")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
