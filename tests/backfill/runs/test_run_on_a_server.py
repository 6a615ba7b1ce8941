"""A run between two databases of one MariaDB, interrupted after each batch: also a table without a key continues."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from backfill.domains import legacy_rows
from backfill.domains.base import BackfillContext, Counts
from backfill.domains.registry import DOMAINS
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs import control
from backfill.runs.control import retry
from backfill.runs.item_worker import ItemWorker
from backfill.runs.local_run import run_here
from backfill.runs.opening import open_run, plan
from backfill.runs.progress import row_counts
from backfill.runs.run_context import run_context
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.backfill.runs import BackfillRunRow
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.schema.upgrade import upgrade
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from tests.materialization.writer import Clock
from tests.services.databases import DatabaseServer

NUMBERS = (
    "(WITH RECURSIVE numbers (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < 90) "
    "SELECT seq FROM numbers) AS seq_1_to_90"
)
TABLES = {"ideas": 90, "loose": 90, "pairs": 90}
SOURCE = (
    "CREATE TABLE ideas (id BIGINT UNSIGNED PRIMARY KEY, body TEXT, at DATETIME(3), amount DECIMAL(30,10))",
    "CREATE TABLE loose (word VARCHAR(20)) ENGINE=MyISAM",
    "CREATE TABLE pairs (a VARCHAR(20) COLLATE utf8mb4_bin, b ENUM('z','y'), c VARBINARY(9), PRIMARY KEY (a, b))",
    "INSERT INTO ideas SELECT 18446744073709551000 + seq, concat('idea 🎬 ', seq), '2021-02-03 04:05:06.789', "
    f"seq + 0.25 FROM {NUMBERS}",
    f"INSERT INTO loose SELECT concat('w', seq MOD 7) FROM {NUMBERS}",
    f"INSERT INTO pairs SELECT concat('ä', seq DIV 2), if(seq MOD 2, 'z', 'y'), unhex(hex(seq)) FROM {NUMBERS}",
)


@pytest.fixture
def context(mariadb: DatabaseServer, clock: Clock) -> Iterator[BackfillContext]:
    """A planned run."""
    source_url, ledger_url = mariadb.create_database(), mariadb.create_database()
    with open_engine(source_url) as engine, engine.begin() as connection:
        for statement in SOURCE:
            connection.execute(text(statement))
    with open_engine(ledger_url) as engine, open_source(source_url) as source:
        upgrade(engine)
        unit_of_work = UnitOfWork(engine)
        mapping = mapping_text(draft(read_catalog(source)))
        run, _ = open_run(unit_of_work, source, mapping, share=None, clock=clock)
        context = run_context(run, source, unit_of_work, clock)
        plan(context, lambda *_: None)
        yield context
    for url in (source_url, ledger_url):
        mariadb.drop_database(url)


def test_a_run_that_continues_after_each_batch_has_every_row_once(
    context: BackfillContext, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(legacy_rows, "ROWS_PER_TRANSACTION", 20)
    # No time for more than one batch, after which the item is claimed again and read from its checkpoint.
    worker = ItemWorker(context.unit_of_work, lambda _: context, seconds=0, clock=clock)

    fed = run_here(context, lambda _: None, clock=clock, worker=worker)

    assert fed.run.state == "finished"
    with context.unit_of_work.reading() as tx:
        assert row_counts(tx, fed.run) == {name: Counts(migrated=rows) for name, rows in TABLES.items()}
        rows = {name: tx.legacy_rows.read(name) for name in TABLES}
        claims = [item.claim for item in tx.backfill_items.read(fed.run.id)]
    assert {name: len({row.key for row in found}) for name, found in rows.items()} == TABLES
    assert min(claims) >= 5
    assert rows["ideas"][0].content == (
        '{"amount":"1.2500000000","at":"2021-02-03 04:05:06.789","body":"idea 🎬 1",'
        '"id":{"number":"18446744073709551001"}}'
    )
    assert [*DOMAINS["legacy_rows"].prove(context, "pairs")] == []
    assert [*DOMAINS["legacy_rows"].prove(context, "loose")] == []


def test_a_retry_removes_what_a_slice_sets_aside_while_it_waits(context: BackfillContext, mariadb: DatabaseServer):
    """Else the item sets the row aside twice."""
    with context.unit_of_work.reading() as tx:
        item = tx.backfill_items.read(context.run_id)[0]
    with ThreadPoolExecutor(1) as threads:
        with context.unit_of_work.records() as tx:
            tx.backfill_items.lock(item.id)
            retried = threads.submit(retry, context.unit_of_work, item=item.id)
            until = time.monotonic() + 30
            while not _has_waiting_retry(mariadb):
                assert time.monotonic() < until
                assert not retried.done()
            tx.quarantined_rows.add(context.run_id, item.id, [QuarantinedRow("ideas", "[1]", "L29", "x")], 1)
        assert retried.result()[1] == 1
    with context.unit_of_work.reading() as tx:
        assert tx.quarantined_rows.of_item(item.id) == []


def test_a_retry_that_its_workers_overtake_with_the_end_of_the_run_reopens_it(
    context: BackfillContext, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    def latest_run(tx: RecordsTransaction) -> BackfillRunRow:
        monkeypatch.undo()
        run = control.latest_run(tx)
        with context.unit_of_work.records() as other:
            other.backfill_runs.move(run.id, "finished", now=clock())
        return run

    monkeypatch.setattr(control, "latest_run", latest_run)
    retry(context.unit_of_work, item=1)
    with context.unit_of_work.reading() as tx:
        assert control.latest_run(tx).state == "running"


def _has_waiting_retry(server: DatabaseServer) -> bool:
    """Whether a session waits for the lock of an item."""
    return any("UPDATE backfill_items" in str(row) for row in server.execute("SHOW FULL PROCESSLIST"))
