"""Backfill workers, which are killed, and whose broker forgets every message: each row comes over once.

The tick of the schedule is what sends the items, at first and again. A script is claimed in the transaction that writes
it, so the broker must say that a worker ended with its message.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import redis
from pytest_celery import CeleryTestBroker
from sqlalchemy import text

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.control import latest_run
from backfill.runs.opening import open_run, plan
from backfill.runs.progress import row_counts
from backfill.runs.run_context import run_context
from materialization.clock import system_clock
from repos.backfill.item import BackfillItem
from repos.backfill.runs import BackfillRunRow
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.processes.environment import wait_until
from tests.processes.nodes import LocalWorker, start_together
from workers.backfill.feeding_schedule import feeding_schedule
from workers.messaging.backfill_messages import BackfillMessages
from workers.process.roles import ROLES
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

TABLES = [f"ideas_{number}" for number in range(40)]
ROWS = 300
SCRIPT = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255), created_at DATETIME);
INSERT INTO users VALUES (1, 'a@example.org', '2024-01-01 08:00:00');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title VARCHAR(255), content TEXT, created_at DATETIME,
  updated_at DATETIME, FOREIGN KEY (user_id) REFERENCES users (id));
INSERT INTO scripts VALUES (1, 1, 'The ferry', 'INT. FERRY - DAY', '2024-01-01 08:00:00', '2024-01-02 08:00:00');
"""


@pytest.fixture
def settings(ledger_url: str, celery_broker: CeleryTestBroker, tmp_path: Path) -> Settings:
    """Workers that know a legacy database of many tables."""
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.executescript(SCRIPT)
        for table in TABLES:
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, body TEXT)")
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(number, "x" * 90) for number in range(ROWS)])
        connection.commit()
    return Settings(
        home=tmp_path,
        database_url=ledger_url,
        broker_url=celery_broker.config()["url"],
        legacy_url=f"sqlite:///{tmp_path / 'legacy.db'}",
    )


@pytest.fixture
def unit_of_work(settings: Settings) -> Iterator[UnitOfWork]:
    """The ledger, with a planned run."""
    with open_engine(settings.database_url) as engine, open_source(settings.legacy_url) as source:
        upgrade(engine)
        unit_of_work = UnitOfWork(engine)
        mapping = mapping_text(draft(read_catalog(source)))
        run, _ = open_run(unit_of_work, source, mapping, share=None, clock=system_clock)
        plan(run_context(run, source, unit_of_work, system_clock), lambda *_: None)
        yield unit_of_work


@pytest.fixture
def workers(settings: Settings, tmp_path: Path) -> Iterator[list[LocalWorker]]:
    """Two nodes with a process each."""
    nodes = [LocalWorker(ROLES["backfill"], settings, tmp_path, name=name, concurrency=1) for name in ("one", "two")]
    start_together(nodes)
    try:
        yield nodes
    finally:
        for node in nodes:
            node.teardown()


def run_of(unit_of_work: UnitOfWork) -> BackfillRunRow:
    with unit_of_work.reading() as tx:
        return latest_run(tx)


def done(unit_of_work: UnitOfWork) -> int:
    with unit_of_work.reading() as tx:
        return len(tx.backfill_items.read(run_of(unit_of_work).id, state="done"))


class Killed(Exception):
    """The head that the test has locked is not made."""


def script(unit_of_work: UnitOfWork) -> BackfillItem:
    with unit_of_work.reading() as tx:
        item = tx.backfill_items.find(run_of(unit_of_work).id, "scripts", "scripts [1]")
    assert item is not None
    return item


def waits_for_the_script(settings: Settings) -> bool:
    """Whether a worker waits for the lock of the script's head, in the transaction that claims its item."""
    with open_engine(settings.database_url) as engine, engine.connect() as connection:
        queries = [str(row._mapping["Info"]) for row in connection.execute(text("SHOW FULL PROCESSLIST"))]
    return any("json_array(head." in query for query in queries)


def let_claims_run_out(settings: Settings) -> None:
    """Let it be long ago that items were sent and claimed."""
    with open_engine(settings.database_url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE backfill_items SET expires_at = 1, sent_at = 1"))


def test_killed_workers_and_lost_messages_lose_and_double_nothing(
    settings: Settings, unit_of_work: UnitOfWork, workers: list[LocalWorker]
):
    messages = BackfillMessages.at(settings.broker_url)
    tick = feeding_schedule(unit_of_work, messages).run

    assert tick(0) == {"run": 1, "sent": len(TABLES) + 1}, "the users, and tables that need none"
    wait_until(lambda: done(unit_of_work) >= 3)
    with suppress(Killed), unit_of_work.script(1, wait=True):
        wait_until(lambda: tick(0)["sent"] or script(unit_of_work).state == "sent")
        wait_until(lambda: waits_for_the_script(settings))
        assert script(unit_of_work).claim == 0
        for worker in workers:
            worker.kill_pool()
        # Delivered again at once, it is claimed before anything else: if it killed its workers, that is counted.
        wait_until(lambda: script(unit_of_work).state == "running")
        assert (script(unit_of_work).claim, script(unit_of_work).attempts) == (1, 1)
        raise Killed
    workers[0].restart()
    with redis.Redis.from_url(settings.broker_url) as client:
        client.delete("backfill", "unacked", "unacked_index")
    workers[1].kill_pool()

    def finished() -> bool:
        let_claims_run_out(settings)
        tick(0)
        return run_of(unit_of_work).state == "finished"

    wait_until(finished, pause=0.5)

    run = run_of(unit_of_work)
    with unit_of_work.reading() as tx:
        migrated = {name: counts.migrated for name, counts in row_counts(tx, run).items()}
        assert migrated == {**dict.fromkeys(TABLES, ROWS), "users": 1, "scripts": 1}
        assert tx.heads.require(1).version == 1
        kept = {name: len(tx.legacy_rows.read(name)) for name in TABLES}
    assert kept == dict.fromkeys(TABLES, ROWS)
    assert messages.waiting() is not None
