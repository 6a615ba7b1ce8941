"""`make soak MINUTES=16 SEED=1`: load and faults mixed, one line a second, a verdict at the end.

What happens when is a function of the seed alone: faults at boundaries, killed servers, cut and stalled lines, lost
answers to COMMIT, frozen workers, wrong clocks, and how much is written. A run is replayed by its seed; what
the scheduler of the machine makes of it is not. The load comes in watches: each has scripts of its own, and is judged
while the next goes on; the one after that waits for it, so that what is left to do does not pile up. Ctrl-C ends the
run early, with a verdict on what was run; a second one ends it at once.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, takewhile
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy.exc import DBAPIError

from tests.faults.cluster import Load
from tests.faults.environment import Site, open_site
from tests.faults.operations import OPERATIONS
from tests.faults.soak_plan import WEIGHTS, Watch, plan_of
from tests.faults.table import Row, row_of, table
from tests.processes.history_checker import Violation
from tests.processes.journal import ProducerRecord

MINUTES = 16.0
"""Of load: more than ten thousand faults on two cores. With what is waited for in between it takes a third longer."""
MAX_PENDING_FAULTS = 54
"""Armed faults that no process has reached yet, at most: those that a slow machine does not reach are reported."""
JUDGING_TRIES = 20
TIMEOUT_SECONDS = 180.0
"""Seconds for the last answers of a watch, while more goes wrong."""


class Soak:
    """A run: a site, and the plan of a seed."""

    def __init__(self, folder: Path, seed: int, seconds: int, *, say: Callable[[str], None] = print) -> None:
        self.seed = seed
        self.stopped = False
        self._plan = plan_of(seed, seconds)
        self._action_of = {
            fault.number: fault.action for watch in self._plan for second in watch.seconds for fault in second.faults
        }
        self._operated: Counter[str] = Counter()
        self._folder = folder
        self._journals = folder
        self._latest = ""
        self._say = say
        self._site: Site

    @property
    def watches(self) -> int:
        """How many watches the whole plan has."""
        return len(self._plan)

    @property
    def planned(self) -> int:
        """How many faults at boundaries the whole plan has."""
        return len(self._action_of)

    def run(self) -> list[Row]:
        """Carry out the plan, or as much of it as there is time for before `stop`; a row for each watch."""
        self._say(f"seed {self.seed}: {len(self._plan)} watches, {self.planned} faults at boundaries")
        with (
            open_site(self._folder) as self._site,
            ThreadPoolExecutor(1) as judge,
            ThreadPoolExecutor(1) as surgeon,
            self._telling(),
        ):
            verdicts: list[Future[Row]] = []
            operations: list[Future[object]] = []
            for number, watch in enumerate(takewhile(lambda _: not self.stopped, self._plan), start=1):
                before, began = self.happened().total(), time.monotonic()
                load = self._site.cluster.load(watch.scripts, window=watch.window)
                self._journals = load.folder
                operations += self._keep_watch(watch, surgeon)
                load.stop()
                cases = self.happened().total() - before
                verdicts.append(judge.submit(self._judge, f"watch {number}", load, cases, began))
                wait(verdicts[:-1])
                raise_what_broke(operations, verdicts)
            self._site.cluster.plan.disarm()
            return [verdict.result() for verdict in verdicts]

    def stop(self) -> None:
        """End with this second, and judge what there is."""
        self.stopped = True

    def happened(self) -> Counter[str]:
        """Everything that was done, by kind."""
        numbers = self._site.cluster.plan.numbers_done()
        return self._operated + Counter(self._action_of[number] for number in numbers if number in self._action_of)

    def _keep_watch(self, watch: Watch, surgeon: ThreadPoolExecutor) -> Iterator[Future[object]]:
        plan = self._site.cluster.plan
        for second in watch.seconds:
            if self.stopped:
                return
            end = time.monotonic() + 1
            for fault in second.faults[: max(0, MAX_PENDING_FAULTS - len(plan.armed()))]:
                plan.arm(fault)
            if second.operation:
                yield surgeon.submit(self._operate, second.operation)
            time.sleep(max(0.0, end - time.monotonic()))

    def _operate(self, name: str) -> None:
        self._operated[name] += 1
        self._latest = name
        OPERATIONS[name](self._site)

    def _judge(self, name: str, load: Load, cases: int, began: float) -> Row:
        records = load.finish(TIMEOUT_SECONDS)
        violations = self._violations(load, records)
        row = row_of(name, cases, records, violations, seconds=time.monotonic() - began)
        self._say(f"{name}: {cases} faults, {row.submissions} submissions, {len(violations)} violations")
        return row

    def _violations(self, load: Load, records: list[ProducerRecord]) -> list[Violation]:
        """Read by a line that is cut, from a database that dies: so perhaps more than once."""
        for _ in range(JUDGING_TRIES):
            with suppress(DBAPIError):
                return load.violations(records)
            time.sleep(0.5)
        return load.violations(records)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say every second what was done so far, whatever else goes on."""
        over = threading.Event()
        began = time.monotonic()

        def tell() -> None:
            while not over.wait(1 - (time.monotonic() - began) % 1):
                self._tell(time.monotonic() - began)

        teller = threading.Thread(target=tell)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()

    def _tell(self, seconds: float) -> None:
        kinds = self.happened()
        done = ", ".join(f"{kinds[action]} {action}" for action in WEIGHTS)
        sent = sum(file.read_bytes().count(b'"acknowledged"') for file in self._journals.glob("*.jsonl"))
        latest, self._latest = self._latest, ""
        self._say(f"{seconds:6.0f} s  {sent:5} acknowledged  {done}  {latest}".rstrip())


def raise_what_broke(*groups: list[Future[Any]]) -> None:
    """End a run in which something of its own went wrong, and not an hour later."""
    for future in chain(*groups):
        if future.done():
            future.result()


def summary(soak: Soak, rows: list[Row]) -> Iterator[str]:
    """The verdict, and what to do to see it again."""
    violations = [violation for row in rows for violation in row.violations]
    yield table(rows)
    kinds = soak.happened()
    yield f"{kinds.total()} faults: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    yield from map(str, violations)
    if soak.stopped:
        yield f"stopped after {len(rows)} of {soak.watches} watches"
    submissions = sum(row.submissions for row in rows)
    verdict = f"{len(violations)} VIOLATIONS" if violations else "nothing lost, nothing twice"
    yield f"{verdict}: {submissions} submissions, {kinds.total()} faults, seed {soak.seed}"


def main(environ: Mapping[str, str]) -> int:
    """Run as long, and with what seed, as the environment says."""
    seconds = round(float(environ.get("MINUTES") or MINUTES) * 60)
    seed = int(environ.get("SEED") or random.SystemRandom().randrange(1 << 31))
    folder = Path(tempfile.mkdtemp(prefix="ledger-soak-"))
    soak = Soak(folder, seed, seconds, say=partial(print, flush=True))

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if soak.stopped:
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(128 + signum)  # what was forked ends with this process
        soak.stop()

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    try:
        rows = soak.run()
        print(*summary(soak, rows), sep="\n", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if any(row.violations for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
