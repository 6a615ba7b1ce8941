"""A backfill of flat tables from an SQLite file: domains run one after another, with no worker and no queue."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from backfill.domains.base import BackfillContext, Counts, Difference, ItemWork, decode_counts
from backfill.domains.registry import DOMAINS
from backfill.mapping.draft import draft
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping, TableRule
from backfill.runs.item_worker import ItemWorker
from repos.backfill.item import BackfillItem
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.legacy.catalog import Catalog, read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import START

HASH_KEY = b"k" * 32
MINUTE = 60_000_000


class FlatBackfill:
    """One legacy database and one ledger. `change` edits the drafted mapping."""

    def __init__(self, url: str, unit_of_work: UnitOfWork) -> None:
        self.url = url
        self.unit_of_work = unit_of_work
        self.decisions: dict[str, Any] = {}
        self.rules: dict[str, dict[str, Any]] = {}
        self._catalog: Catalog | None = None

    @contextmanager
    def context(self, run_id: int = 0) -> Iterator[BackfillContext]:
        with open_source(self.url) as source:
            catalog = self._catalog or read_catalog(source)
            mapping = self.mapping(catalog)
            tables = {
                table.name: MappedTable(table, mapping.tables[table.name], HASH_KEY)
                for table in catalog
                if mapping.tables[table.name].becomes is not None
            }
            yield BackfillContext(source, catalog, mapping, tables, self.unit_of_work, HASH_KEY, run_id, lambda: START)

    def mapping(self, catalog: Catalog) -> Mapping:
        """The drafted mapping with the changes of the test: options of tables, and rules of columns."""
        drafted = draft(catalog).mapping
        tables = dict(drafted.tables)
        for name, given in self.rules.items():
            rule = msgspec.to_builtins(tables[name])
            columns = rule.get("columns", {}) | given.get("columns", {})
            tables[name] = msgspec.convert(rule | given | {"columns": columns}, TableRule)
        return msgspec.structs.replace(drafted, tables=tables, decisions=self.decisions)

    def run(self, *domains: str, slice_seconds: float = 60.0) -> dict[str, Counts]:
        """Bring domains over; returns the counts by source table."""
        run_id = self.open()
        # Read once: the source does not change between the domains.
        with open_source(self.url) as source:
            self._catalog = read_catalog(source)
        try:
            for name in domains:
                self.run_domain(run_id, name, slice_seconds=slice_seconds)
        finally:
            self._catalog = None
        return self.counts(run_id)

    def open(self) -> int:
        """Open a run, in place of the one before."""
        with self.unit_of_work.records() as tx:
            if (active := tx.backfill_runs.active()) is not None:
                tx.backfill_runs.move(active.id, "finished", now=START)
            return tx.backfill_runs.open(source="legacy", mapping="", hash_key=HASH_KEY, options=b"{}", now=START)

    def open_sent(self, name: str) -> int:
        """Open a run whose users are there and in which the items of a domain are sent to workers."""
        run_id = self.open()
        self.run_domain(run_id, "users")
        self.plan(run_id, name)
        with self.unit_of_work.records() as tx:
            tx.backfill_runs.move(run_id, "running", now=START)
            sent = [item.id for item in tx.backfill_items.read(run_id, limit=1 << 20) if item.domain == name]
            tx.backfill_items.mark_sent(sent, now=START)
        return run_id

    def run_items(self, run_id: int, items: Sequence[int]) -> None:
        """Bring items over as a worker does, each to its end."""
        with self.context(run_id) as context:
            worker = ItemWorker(self.unit_of_work, lambda _: context, clock=context.clock)
            for item in items:
                while (worked := worker.work(item)).outcome == "more":
                    pass
                assert worked.outcome == "done", worked

    def plan(self, run_id: int, name: str) -> None:
        """Add the items of a domain, for workers that claim them."""
        with self.context(run_id) as context:
            self._plan(context, run_id, name)
        with self.unit_of_work.records() as tx:
            tx.backfill_runs.move(run_id, "running", now=START)

    def run_domain(self, run_id: int, name: str, *, slice_seconds: float = 60.0) -> None:
        with self.context(run_id) as context:
            self._plan(context, run_id, name)
            domain = DOMAINS[name]
            for item in self.items(run_id):
                if item.domain == name:
                    while not domain.migrate(self.claimed(context, item, slice_seconds)):
                        pass

    def _plan(self, context: BackfillContext, run_id: int, name: str) -> None:
        names = list(DOMAINS[name].items(context))
        with self.unit_of_work.records() as tx:
            tx.backfill_items.add(run_id, name, names)

    def claimed(self, context: BackfillContext, item: BackfillItem, seconds: float = 60.0) -> ItemWork:
        """The item as a worker has it that claims it now; the worker before is presumed dead."""
        with self.unit_of_work.statement() as tx:
            known = tx.backfill_items.get(item.id)
            assert known is not None
            claimed = tx.backfill_items.claim(known, now=known.expires_at, until=known.expires_at + MINUTE)
            assert claimed is not None
        return ItemWork(context, claimed, time.monotonic() + seconds)

    def items(self, run_id: int) -> list[BackfillItem]:
        with self.unit_of_work.reading() as tx:
            return tx.backfill_items.read(run_id)

    def counts(self, run_id: int) -> dict[str, Counts]:
        total: dict[str, Counts] = {}
        for item in self.items(run_id):
            for table, counts in decode_counts(item.counts).items():
                total[table] = total.get(table, Counts()) + counts
        return total

    def quarantined(self) -> dict[tuple[str, str], QuarantinedRow]:
        """The rows set aside by the last run, by table and key."""
        with self.unit_of_work.reading() as tx:
            run = tx.backfill_runs.read(limit=1)[0]
            rows = tx.quarantined_rows.read(run.id, limit=10_000)
        found = {(each.row.source_table, each.row.source_key): each.row for each in rows}
        assert len(found) == len(rows), "a row was set aside twice"
        return found

    def codes(self) -> dict[tuple[str, str], str]:
        """The codes of the rows set aside by the last run, by table and key."""
        return {place: row.code for place, row in self.quarantined().items()}

    def differences(self, *domains: str) -> list[Difference]:
        """What the proof finds."""
        with self.unit_of_work.reading() as tx:
            runs = tx.backfill_runs.read(limit=1)
        with self.context(runs[0].id if runs else 0) as context:
            return [
                difference
                for name in domains
                for item in DOMAINS[name].items(context)
                for difference in DOMAINS[name].prove(context, item)
            ]

    def repaired(self, table: str, key: str) -> dict[str, Any]:
        """The values of a row as they were before they were repaired."""
        with self.unit_of_work.reading() as tx:
            content = tx.legacy_rows.get(table, f'{key[:-1]},"repaired"]')
        return {} if content is None else dict(json.loads(content))


def legacy_file(path: Path, sql: str) -> str:
    """A legacy database in an SQLite file; returns its URL."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)
        connection.commit()
    return f"sqlite:///{path}"


def execute(url: str, sql: str, *params: Any) -> None:
    """Change a legacy or a ledger file without the repositories."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(sql, params)
        connection.commit()


def insert_rows(url: str, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows with the same columns to a table."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})", [tuple(row.values()) for row in rows]
        )
        connection.commit()
