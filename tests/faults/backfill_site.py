"""The place of a backfill under fire: a legacy database, ledgers, and what is compared of them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.local_run import run_here
from backfill.runs.opening import open_run, plan
from backfill.runs.run_context import run_context
from backfill.samples import sample_sql
from repos.database.engine import make_engine, open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.runs.backfill_setup import LEGACY
from tests.faults.backfill_faults import Files, Happened
from tests.faults.backfill_histories import SAVES_OF_HISTORIES, add_histories
from tests.services.mariadb import MariaDB
from tests.services.private import PrivateServer

START = 1_800_000_000_000_000
HASH_KEY = bytes(32)
START_SECONDS = 10.0
# Numbers that the database gave: an attempt that was undone leaves a gap.
GIVEN_IDS = {"legacy_rows", "legacy_versions", "backfill_quarantine", "chat_messages", "chat_message_usage", "sessions"}
# How many transactions had the head without a new version: more where work was done again.
TOUCHES = {"touches"}
OF_THE_RUN = {"backfill_runs", "backfill_items"}
OF_WORKERS = {"alembic_version", "leases", "bell_rings", "schedule_slots", "role_heartbeats"}
DECISIONS = '[decisions]\nL14 = "quarantine"\nL02 = "repair"\nL10 = "repair"\nL30 = "quarantine"\n'
BRANCHES = 'history = "branches"'
# Scripts with so many saves each, so that most faults happen while scripts come over.
SCRIPTS = range(101, 104)
SAVES = 40


def clock() -> int:
    """Always the same time, so that two runs write the same rows."""
    return START


class Site:
    """A legacy database, and ledgers on one server or in files."""

    def __init__(self, server: MariaDB | Files, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.happened = Happened(folder)
        self.legacy = f"sqlite:///{folder / 'legacy.db'}"
        with closing(sqlite3.connect(folder / "legacy.db")) as connection:
            connection.executescript(LEGACY + sample_sql())
            _add_scripts(connection)
            add_histories(connection)
            connection.commit()
        with open_source(self.legacy) as source:
            drafted = mapping_text(draft(read_catalog(source)))
        self.mapping = drafted.replace("[decisions]\n", DECISIONS).replace(
            BRANCHES, f'{BRANCHES}\nbranches = "own_script"'
        )

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

    def checksums(self, url: str) -> dict[str, str]:
        """A checksum of each table of a ledger, without numbers that the database gave and places of a run."""
        found = {}
        with open_engine(url) as engine, engine.connect() as connection:
            for name in sorted(set(inspect(engine).get_table_names()) - OF_THE_RUN - OF_WORKERS):
                rows = connection.execute(text(f"SELECT * FROM {name}")).mappings().all()
                but = {"id", "item_id", "run_id"} if name in GIVEN_IDS else TOUCHES
                plain = sorted(repr([(key, value) for key, value in row.items() if key not in but]) for row in rows)
                if name == "backfill_quarantine":
                    plain = sorted(set(plain))  # a second run sets the same rows aside
                found[name] = f"{len(plain)} {sha256(repr(plain).encode()).hexdigest()}"
        return found

    def counts(self, url: str, run_id: int) -> list[tuple[Any, ...]]:
        """What the items of a run counted."""
        query = text("SELECT domain, name, state, counts FROM backfill_items WHERE run_id = :run ORDER BY domain, name")
        with open_engine(url) as engine, engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query, {"run": run_id})]

    def expire_claims(self, url: str) -> None:
        """Let it be long ago that workers claimed their items; one of them may still be at work."""
        with suppress(DBAPIError), open_engine(url) as engine, engine.begin() as connection:
            connection.execute(
                text("UPDATE backfill_items SET expires_at = 1 WHERE state = 'running' AND expires_at > 1")
            )

    def not_migrated(self, url: str) -> list[str]:
        """The scripts with many saves of which one did not come over."""
        with open_engine(url) as engine, engine.connect() as connection:
            rows = connection.execute(text("SELECT source_table, COUNT(*) FROM legacy_versions GROUP BY source_table"))
            found = {row[0]: row[1] for row in rows}
        return [
            f"{found.get(table, 0)} saves of {table} came over"
            for table, count in SAVES_OF_HISTORIES.items()
            if found.get(table) != count
        ]

    def unfinished(self, url: str) -> list[str]:
        """What is left of the first run, and why."""
        with open_engine(url) as engine, UnitOfWork(engine).reading() as tx:
            run = tx.backfill_runs.get(1)
            items = tx.backfill_items.read(1)
        assert run is not None
        left = [f"{item.domain} {item.name} is {item.state}: {item.error}" for item in items if item.state != "done"]
        return left if run.state == "finished" else [f"the run is {run.state}, held by {run.held_by}", *left]


def process_of(server: PrivateServer | Files) -> int:
    """The process of a server, which is a child of its guardian; 0 for files."""
    if isinstance(server, Files):
        return 0
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.Error, IndexError):  # a worker that has just ended
                words = " ".join(each.cmdline()).split()  # Redis writes a title of one piece
                if Path(words[0]).name == server.program and str(server.port) in " ".join(words[1:]):
                    return int(each.pid)
        time.sleep(0.05)  # it is being started again
    raise ProcessLookupError(server.program)


def _add_scripts(connection: sqlite3.Connection) -> None:
    """Add scripts of many saves; some equal the one before, and some take lines away."""
    at = "2022-05-01 08:{:02}:{:02}.000"
    for script in SCRIPTS:
        moment = at.format(0, 0)
        connection.execute(
            "INSERT INTO scripts VALUES (?, 1, ?, 'draft', 'private', NULL, NULL, NULL, ?, ?, NULL)",
            (script, f"Script {script}", moment, moment),
        )
        for number, content in enumerate(_saves(script), 1):
            connection.execute(
                "INSERT INTO script_versions VALUES (?, ?, ?, ?, ?)",
                (script * 1_000 + number, script, number, content, at.format(number // 60, number % 60)),
            )


def _saves(script: int) -> Iterator[str]:
    lines: list[dict[str, str]] = []
    for number in range(SAVES):
        if number % 7 == 6:
            del lines[number % 3 :: 3]
        elif number % 9 != 8:
            lines.append({"id": f"s{script}n{number}", "format": "action", "content": f"Line {number} of {script}."})
        yield json.dumps({"version": 2, "lines": lines})
