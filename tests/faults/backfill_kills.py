"""A backfill whose workers are killed, whose connections are cut and whose database is killed, at random boundaries.

    python -m tests.faults.backfill_kills --kills 200 --seed 1

Two workers at a time bring one legacy database over, with batches of another size after each start. Whatever happens,
all tables must end like those of an uninterrupted run, and a second run must write nothing. When a run ends before all
faults have happened, the next one begins in an empty ledger.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing, suppress
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL
from typing import Any, NoReturn

import psutil
import structlog
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from backfill.domains import legacy_rows
from backfill.domains.flat import slices
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.control import retry
from backfill.runs.local_run import run_here
from backfill.runs.opening import open_run, plan
from backfill.runs.run_context import run_context
from backfill.samples import sample_sql
from domain.errors import Conflict
from repos.database.engine import make_engine, open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.runs.backfill_setup import LEGACY
from tests.faults.backfill_faults import Faults, Files
from tests.services.mariadb import MariaDB

START = 1_800_000_000_000_000
HASH_KEY = bytes(32)
EXPIRE_SECONDS = 1.0
START_SECONDS = 10.0
WORKERS = 2
BATCHES = (3, 20, 400)
# Numbers that the database gave: an attempt that was undone leaves a gap.
GIVEN_IDS = {"legacy_rows", "legacy_versions", "backfill_quarantine", "chat_messages", "chat_message_usage", "sessions"}
OF_THE_RUN = {"backfill_runs", "backfill_items", "alembic_version", "leases", "bell_rings", "schedule_slots"}
DECISIONS = '[decisions]\nL14 = "quarantine"\nL02 = "repair"\nL10 = "repair"\nL30 = "quarantine"\n'


def clock() -> int:
    """Always the same time, so that two runs write the same rows."""
    return START


class Site:
    """A legacy database, and ledgers on one server or in files."""

    def __init__(self, server: MariaDB | Files, folder: Path) -> None:
        self.server = server
        self.faults = folder / "faults"
        self.faults.touch()
        self.legacy = f"sqlite:///{folder / 'legacy.db'}"
        with closing(sqlite3.connect(folder / "legacy.db")) as connection:
            connection.executescript(LEGACY + sample_sql())
        with open_source(self.legacy) as source:
            self.mapping = mapping_text(draft(read_catalog(source))).replace("[decisions]\n", DECISIONS)

    def happened(self) -> int:
        """How many faults have happened in all processes."""
        return len(self.faults.read_bytes())

    def new_ledger(self) -> str:
        """An empty ledger in which the run is planned."""
        url = self.server.create_database()
        with open_engine(url) as engine, open_source(self.legacy) as source:
            upgrade(engine)
            unit_of_work = UnitOfWork(engine)
            run, _ = open_run(unit_of_work, source, self.mapping, share=None, clock=clock)
            with engine.begin() as connection:
                # The same in every ledger: the hashes of rows are compared.
                connection.execute(text("UPDATE backfill_runs SET hash_key = :key"), {"key": HASH_KEY})
            plan(run_context(run._replace(hash_key=HASH_KEY), source, unit_of_work, clock), lambda *_: None)
        return url

    def work(self, url: str) -> None:
        """Work on the active run to its end, in this process; a new one is opened if none is active."""
        engine = make_engine(url)
        unit_of_work = UnitOfWork(engine)
        with open_source(self.legacy) as source:
            run, _ = open_run(unit_of_work, source, self.mapping, share=None, clock=clock)
            context = run_context(run, source, unit_of_work, clock)
            plan(context, lambda *_: None)
            run_here(context, lambda _: None, clock=clock)
        engine.dispose()


def checksums(url: str) -> dict[str, str]:
    """A checksum of each table of a ledger, without numbers that the database gave and places of a run."""
    found = {}
    with open_engine(url) as engine, engine.connect() as connection:
        for name in sorted(set(inspect(engine).get_table_names()) - OF_THE_RUN):
            rows = connection.execute(text(f"SELECT * FROM {name}")).mappings().all()
            but = {"id", "item_id", "run_id"} if name in GIVEN_IDS else set()
            plain = sorted(repr([(key, value) for key, value in row.items() if key not in but]) for row in rows)
            if name == "backfill_quarantine":
                plain = sorted(set(plain))  # a second run sets the same rows aside
            found[name] = f"{len(plain)} {sha256(repr(plain).encode()).hexdigest()}"
    return found


def counts(url: str, run_id: int) -> list[tuple[Any, ...]]:
    """What the items of a run counted."""
    query = text("SELECT domain, name, state, counts FROM backfill_items WHERE run_id = :run ORDER BY domain, name")
    with open_engine(url) as engine, engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query, {"run": run_id})]


def main(arguments: list[str]) -> int:
    """Run, print each fault and a verdict; the exit status is 1 if any table differs."""
    parser = argparse.ArgumentParser(prog="tests.faults.backfill_kills")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--sqlite", action="store_true", help="ledgers in files instead of a MariaDB")
    options = parser.parse_args(arguments)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    print(f"seed {options.seed}", flush=True)
    with ExitStack() as stack:
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        server = Files(folder) if options.sqlite else stack.enter_context(MariaDB(durable=True))
        return _compare(Site(server, folder), options.seed, options.kills)


def _compare(site: Site, seed: int, kills: int) -> int:
    url = site.new_ledger()
    site.work(url)
    wanted, counted = checksums(url), counts(url, 1)
    runs = 0
    problems: list[str] = []
    while site.happened() < kills and not problems:
        runs += 1
        url = site.new_ledger()
        _until_done(site, url, f"{seed} {runs}", kills)
        _retry_given_up(site, url)
        problems += _unfinished(url)
        problems += _differences(wanted, checksums(url))
        problems += ["the items counted other rows"] if counts(url, 1) != counted else []
        site.work(url)
        problems += [f"a second run: {problem}" for problem in _differences(wanted, checksums(url))]
        problems += ["the second run counted other rows"] if counts(url, 2) != counted else []
        site.server.drop_database(url)
    for problem in problems:
        print(problem)
    print(
        f"{site.happened()} faults in {runs} runs: {'every table is equal' if not problems else 'NOT EQUAL'}",
        flush=True,
    )
    return 1 if problems else 0


def _until_done(site: Site, url: str, seed: str, faults: int) -> None:
    """Keep two workers at work until the run is finished, with at most so many faults in all."""
    running: dict[int, bool] = {}
    started = 0
    while True:
        while len(running) < WORKERS:
            started += 1
            harmful = site.happened() + sum(running.values()) < faults
            running[_fork(site, url, f"{seed} {started}", harmful=harmful)] = harmful
        ended, status = _wait(running, url)
        running.pop(ended)
        if not site.server.answers():
            site.server.restart()
        if status == 0:
            for other in running:
                os.kill(other, SIGKILL)
                os.waitpid(other, 0)
            return


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


def _unfinished(url: str) -> list[str]:
    """What is left of the first run, and why."""
    with open_engine(url) as engine, UnitOfWork(engine).reading() as tx:
        run = tx.backfill_runs.get(1)
        items = tx.backfill_items.read(1)
    assert run is not None
    left = [f"{item.domain} {item.name} is {item.state}: {item.error}" for item in items if item.state != "done"]
    return left if run.state == "finished" else [f"the run is {run.state}, held by {run.held_by}", *left]


def _wait(running: Iterable[int], url: str) -> tuple[int, int]:
    """Wait for one of these processes; returns it and its exit status, negative for a signal."""
    waited = time.monotonic()
    while True:
        for pid in running:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _expire_claims(url)
                return ended, os.waitstatus_to_exitcode(status)
        if time.monotonic() - waited > EXPIRE_SECONDS:
            # A worker that lost the answer to its claim does not know that it has the item.
            _expire_claims(url)
            waited = time.monotonic()
        time.sleep(0.005)


def _expire_claims(url: str) -> None:
    """Let it be long ago that workers claimed their items; one of them may still be at work."""
    with suppress(DBAPIError), open_engine(url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE backfill_items SET expires_at = 1 WHERE state = 'running'"))


def _process_of(server: MariaDB | Files) -> int:
    """The process of the server, which is a child of its guardian; 0 for files."""
    if isinstance(server, Files):
        return 0
    port = f"--port={server.port}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # a worker that has just ended
                if port in each.cmdline()[1:]:
                    return int(each.pid)
        time.sleep(0.05)  # it is being started again
    raise ProcessLookupError(port)


def _fork(site: Site, url: str, seed: str, *, harmful: bool) -> int:
    server = _process_of(site.server)
    pid = os.fork()
    if not pid:
        _work_with_faults(site, url, seed, server if harmful else None)
    return pid


def _work_with_faults(site: Site, url: str, seed: str, server: int | None) -> NoReturn:
    """The life of a worker: it ends with 0 when the run is finished, and with 3 when the database was away."""
    status = 4
    try:
        rows = random.Random(seed).choice(BATCHES)
        legacy_rows.ROWS_PER_TRANSACTION = slices.ROWS_PER_TRANSACTION = rows
        if server is not None:
            Faults(seed, site.faults, server).install()
        site.work(url)
        status = 0
    except Conflict:
        status = 3
        time.sleep(0.1)
    finally:
        os._exit(status)


def _differences(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    return [
        f"{name}: {wanted.get(name)} uninterrupted, {found.get(name)} here"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
