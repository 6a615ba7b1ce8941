"""A backfill whose workers, connections, database and broker are killed, at random boundaries.

    python -m tests.faults.backfill_kills --kills 200 --seed 1

Two workers at a time bring one legacy database over, with batches and slices of another size after each start: real
Celery workers, or with `--in-process` what `scriptledger backfill run --in-process` does. Whatever happens, all tables
must end like those of an uninterrupted run, no fault may cost more than the slices that were at work, and a second run
must write nothing. When a run ends before all faults have happened, the next one begins in an empty ledger.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from signal import SIGKILL
from typing import NoReturn

import structlog

from backfill.runs.control import retry
from domain.errors import Conflict
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.faults.backfill_faults import WORKERS, Action, Faults, Files, Limits, choose_sizes, count_slices
from tests.faults.backfill_nodes import Nodes
from tests.faults.backfill_site import Site, process_of
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer

EXPIRE_SECONDS = 1.0
ACTIONS: tuple[Action, ...] = ("kill", "kill", "drop connection", "kill database")


def main(arguments: list[str]) -> int:
    """Run, print each fault and a verdict; the exit status is 1 if any table differs."""
    parser = argparse.ArgumentParser(prog="tests.faults.backfill_kills")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--sqlite", action="store_true", help="ledgers in files instead of a MariaDB")
    parser.add_argument("--in-process", action="store_true", help="without Celery and a broker")
    options = parser.parse_args(arguments)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    print(f"seed {options.seed}", flush=True)
    with ExitStack() as stack:
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        server = Files(folder) if options.sqlite else stack.enter_context(MariaDB(durable=True))
        broker = None if options.in_process else stack.enter_context(RedisServer())
        return Comparison(Site(server, folder), broker, options.seed, options.kills).run()


class Comparison:
    """Runs with faults, each compared with one without."""

    def __init__(self, site: Site, broker: RedisServer | None, seed: int, kills: int) -> None:
        self._site = site
        self._broker = broker
        self._seed = seed
        self._kills = kills

    def run(self) -> int:
        """Let all faults happen; the exit status."""
        site = self._site
        url = site.new_ledger()
        site.work(url)
        problems = site.not_migrated(url)
        wanted, counted = site.checksums(url), site.counts(url, 1)
        runs = 0
        while site.happened.count("faults") < self._kills and not problems:
            runs += 1
            url = site.new_ledger()
            self._until_done(url, f"{self._seed} {runs}")
            _retry_given_up(site, url)
            problems += site.unfinished(url)
            problems += _differences(wanted, site.checksums(url))
            problems += ["the items counted other rows"] if site.counts(url, 1) != counted else []
            site.work(url)
            problems += [f"a second run: {problem}" for problem in _differences(wanted, site.checksums(url))]
            problems += ["the second run counted other rows"] if site.counts(url, 2) != counted else []
            site.server.drop_database(url)
        return self._verdict(runs, [*problems, *self._redone()])

    def _until_done(self, url: str, seed: str) -> None:
        if self._broker is None:
            until_done_here(self._site, url, seed, self._kills)
            return
        Nodes(self._site, self._broker, url, seed, self._kills).run()

    def _redone(self) -> list[str]:
        """Whether more slices were lost than were at work where the faults happened: one at most in each process.

        A claim that is expired while its worker is alive costs it a slice, too.
        """
        happened = self._site.happened
        begun, committed, faults = (happened.count(name) for name in ("recorded", "committed", "faults"))
        allowed = happened.count("may be lost")
        print(
            f"{begun} slices begun, {committed} of them committed: {begun - committed} done again after "
            f"{faults} faults, which may cost {allowed}"
        )
        return [f"{begun - committed} slices were done again"] if begun - committed > allowed else []

    def _verdict(self, runs: int, problems: list[str]) -> int:
        for problem in problems:
            print(problem)
        equal = "NOT EQUAL" if problems else "every table is equal"
        print(f"{self._site.happened.count('faults')} faults in {runs} runs: {equal}", flush=True)
        return 1 if problems else 0


def until_done_here(site: Site, url: str, seed: str, faults: int) -> None:
    """Keep two workers without a broker at work until the run is finished."""
    running: dict[int, bool] = {}
    started = 0
    while True:
        while len(running) < WORKERS:
            started += 1
            harmful = site.happened.count("faults") + sum(running.values()) < faults
            site.happened.runs("kill database", process_of(site.server))
            running[_fork(site, url, f"{seed} {started}", faults if harmful else 0)] = harmful
        ended, status = _wait(site, running, url)
        running.pop(ended)
        if not site.server.answers():
            site.server.restart()
        if status == 0:
            for other in running:
                os.kill(other, SIGKILL)
                os.waitpid(other, 0)
            return


def _wait(site: Site, running: Iterable[int], url: str) -> tuple[int, int]:
    """Wait for one of these processes; returns it and its exit status, negative for a signal."""
    waited = time.monotonic()
    while True:
        for pid in running:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                site.expire_claims(url)
                return ended, os.waitstatus_to_exitcode(status)
        if time.monotonic() - waited > EXPIRE_SECONDS:
            # A worker that lost the answer to its claim does not know that it has the item.
            site.expire_claims(url)
            waited = time.monotonic()
        time.sleep(0.005)


def _fork(site: Site, url: str, seed: str, faults: int) -> int:
    pid = os.fork()
    if not pid:
        _work_with_faults(site, url, seed, faults)
    return pid


def _work_with_faults(site: Site, url: str, seed: str, faults: int) -> NoReturn:
    """The life of a worker: it ends with 0 when the run is finished, and with 3 when the database was away."""
    status = 4
    try:
        choose_sizes(seed)
        count_slices(site.happened)
        actions: tuple[Action, ...] = ("kill",) if isinstance(site.server, Files) else ACTIONS
        Faults(seed, site.happened, Limits(faults, actions)).install()
        site.work(url)
        status = 0
    except Conflict:
        status = 3
        time.sleep(0.1)
    finally:
        os._exit(status)


def _retry_given_up(site: Site, url: str) -> None:
    """Do items again that were given up because five workers died on them, as an operator would."""
    with open_engine(url) as engine:
        unit_of_work = UnitOfWork(engine)
        with unit_of_work.reading() as tx:
            given_up = tx.backfill_items.read(1, state="failed")
        if any("workers ended" not in str(item.error) for item in given_up):
            raise AssertionError(f"an item failed for another reason: {given_up}")
        if given_up:
            retry(unit_of_work, failed=True)
    if given_up:
        site.work(url)


def _differences(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    return [
        f"{name}: {wanted.get(name)} uninterrupted, {found.get(name)} here"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
