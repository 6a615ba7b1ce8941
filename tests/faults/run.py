"""`make faults`: the kill matrix with one worker process and with four, what servers suffer, and one table of it.

`CASES` takes more or fewer than 2,160 faults at boundaries. Exits with 1 if anything was lost, doubled, out of order,
missing or does not match its hash.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from repos.fault_points import BOUNDARIES
from tests.faults.cluster import Cluster
from tests.faults.environment import open_site
from tests.faults.fault_injector import ACTIONS
from tests.faults.matrix import BY_PRODUCERS, Dose, Matrix, groups
from tests.faults.poisoning import KINDS, Poisoned, poison_everything
from tests.faults.server_faults import SERVER_FAULTS, judged
from tests.faults.small_disk import NoSmallDiskError, fill_disk
from tests.faults.table import Row, injected, table
from tests.faults.writing_nodes import write_everywhere
from tests.services.galera import NoGaleraError
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.settings import Settings

WHOLE = Dose(child=22, node=6, connection=9, delay=8)
"""45 faults at each of 24 boundaries, twice: 2,160, of which 240 end a whole node."""
WHOLE_CASES = 2_160
SERVER_TIMES = 5
"""How often each fault of the servers happens under load."""
SHORT = Dose(child=2, node=1, connection=1, delay=1)


class Size(NamedTuple):
    """How many nodes, and pool processes of each."""

    nodes: int
    concurrency: int

    def __str__(self) -> str:
        count = self.nodes * self.concurrency
        return f"{count} worker{'s' * (count > 1)}"


SIZES = (Size(1, 1), Size(2, 2))
LONE_CLUSTERS = 6
"""How many clusters of one worker share its rounds, next to one of four workers.

With one worker most of the time is waiting: Celery notices the end of a pool process that has just been forked with its
next look around, up to five seconds later. Starting a cluster takes seconds, too: for few faults, few of them.
"""


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


def kill_matrix(folder: Path, dose: Dose, *, scripts: int, steps: int, lone: int = LONE_CLUSTERS) -> Report:
    """Run the matrix with rounds of so many steps, and say of each when it is done."""
    clusters = (*[Size(1, 1)] * lone, Size(2, 2))
    with MariaDB() as database, ThreadPoolExecutor(len(clusters)) as pool:
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
                        rows.append(printed(matrix.round(f"{name}, {size}", boundaries)))
                    return Report(rows, matrix.injected)

        running = [pool.submit(run, number, size) for number, size in enumerate(clusters)]
        found = [done.result() for done in as_completed(running)]
    return Report(
        [row for report in found for row in report.rows], sum((report.injected for report in found), Counter())
    )


def hurt_servers(folder: Path, times: int) -> list[Row]:
    """Let everything happen to servers, lines, workers and clocks, each so many times."""
    folder.mkdir()
    with open_site(folder) as site:
        return [printed(judged(site, fault, times)) for fault in SERVER_FAULTS]


def hurt_disk(folder: Path) -> list[Row]:
    """Fill a disk, where there is a small one to be had."""
    folder.mkdir()
    try:
        return [printed(fill_disk(folder))]
    except NoSmallDiskError as error:
        print(f"No disk was filled: {error}.", flush=True)
        return []


def write_to_several(folder: Path, times: int) -> list[Row]:
    """Let three database nodes write, where such a database is to be had."""
    folder.mkdir()
    try:
        return [printed(write_everywhere(folder, seconds=4.0 * times))]
    except NoGaleraError as error:
        print(f"No database of several nodes was written to: {error}.", flush=True)
        return []


def poison_alone() -> list[str]:
    """Send poison of every kind, and print how long others waited; return the complaints that a second run repeats."""
    rows = poison_once(KINDS)
    if complained := [row.kind for row in rows if row.complaints()]:
        print(*(complaint for row in rows for complaint in row.complaints()), "Again, those alone:", sep="\n")
        rows = poison_once(complained)
    complaints = [complaint for row in rows for complaint in row.complaints()]
    print(*complaints or ["no valid submission waited for poison"], sep="\n")
    return complaints


def poison_once(kinds: Sequence[str]) -> list[Poisoned]:
    """Send poison of these kinds, one after the other, and print each outcome."""
    with tempfile.TemporaryDirectory(prefix="ledger-poison-") as name:
        rows = poison_everything(Path(name), kinds)
    print(*rows, sep="\n")
    return rows


def printed(row: Row) -> Row:
    """Say that something is done."""
    print(f"{time.strftime('%H:%M:%S')} {row.fault}: {row.cases} faults", flush=True)
    return row


def dose_for(cases: int) -> Dose:
    """About so many faults in all, as many of each kind as there are of them in the whole dose, and one at least."""
    return Dose(*(max(1, round(number * cases / WHOLE_CASES)) for number in WHOLE))


def main(environ: Mapping[str, str]) -> int:
    """Run, print, judge."""
    began = time.monotonic()
    cases = int(environ.get("CASES") or WHOLE_CASES)
    times = max(1, round(SERVER_TIMES * cases / WHOLE_CASES))
    with tempfile.TemporaryDirectory(prefix="ledger-faults-") as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        servers = pool.submit(hurt_servers, folder / "servers", times)
        disk = pool.submit(hurt_disk, folder / "disk")
        nodes = pool.submit(write_to_several, folder / "nodes", times)
        lone = max(2, min(LONE_CLUSTERS, round(LONE_CLUSTERS * cases / WHOLE_CASES)))
        report = kill_matrix(folder, dose_for(cases), scripts=12, steps=1, lone=lone)
        report = report._replace(rows=[*report.rows, *servers.result(), *disk.result(), *nodes.result()])
    print(report.text())
    violations = [violation for row in report.rows for violation in row.violations]
    for violation in violations:
        print(violation)
    cases = sum(row.cases for row in report.rows)
    print(f"{cases} faults, {report.node_kills} of them ended a whole node, in {time.monotonic() - began:.0f} s")
    print(f"{len(violations)} VIOLATIONS" if violations else "nothing lost, nothing twice")
    # By itself: how long innocent submissions wait is a matter of seconds.
    complaints = poison_alone()
    return 1 if violations or complaints else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
