"""A legacy database of scripts in an SQLite file, a ledger, and runs of a whole backfill between them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from backfill.certificate.certify import certify
from backfill.certificate.document import Certificate
from backfill.domains.base import BackfillContext, Counts, Difference, decode_counts
from backfill.domains.registry import DOMAINS
from backfill.mapping.draft import draft
from backfill.mapping.model import CodeAction, ColumnRule, Mapping, TableRule
from backfill.mapping.toml_text import mapping_text
from backfill.runs.local_run import run_here
from backfill.runs.opening import open_run, plan
from backfill.runs.run_context import run_context
from backfill.runs.scan.scan import Scan
from backfill.scanning.finding import Finding
from materialization.history.state_at import state_at
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.legacy.catalog import Catalog, read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Clock

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);
INSERT INTO users VALUES (1, 'ada@example.com', '2020-01-01 00:00:00'), (2, 'ben@example.com', '2020-01-02 00:00:00');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, userId INTEGER, title TEXT, status TEXT, content TEXT, createdAt TEXT,
  updatedAt TEXT, versionNumber INTEGER, deletedAt TEXT);
CREATE TABLE script_versions (id INTEGER PRIMARY KEY, scriptId INTEGER, versionNumber INTEGER, content TEXT,
  createdAt TEXT);
CREATE INDEX of_script ON script_versions (scriptId, versionNumber);
CREATE TABLE script_commands (id INTEGER PRIMARY KEY, scriptId INTEGER, type TEXT, payload JSON, author TEXT,
  createdAt TEXT);
"""


DAY = "2021-02-0{} 10:00:00"


def lines(*texts: str) -> str:
    """A save in JSON, each line with an id of its own."""
    return json.dumps(
        {
            "version": 2,
            "lines": [{"id": f"l{place}", "format": "action", "content": text} for place, text in enumerate(texts)],
        }
    )


class ScriptDatabase:
    """One legacy file and one ledger."""

    def __init__(self, folder: Path, unit_of_work: UnitOfWork, clock: Clock, tables: str = TABLES) -> None:
        self.file = folder / "legacy.db"
        self.unit_of_work = unit_of_work
        self.clock = clock
        # Changes the drafted mapping.
        self.mapped: Callable[[Mapping], Mapping] = lambda mapping: mapping
        self.sql(tables)

    def sql(self, *statements: str) -> None:
        """Run statements in the legacy database."""
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(";".join(statements))
            connection.commit()

    def add(self, table: str, *rows: tuple[Any, ...]) -> None:
        """Add rows to a legacy table."""
        with closing(sqlite3.connect(self.file)) as connection:
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            connection.commit()

    def mapping(self, catalog: Catalog) -> Mapping:
        """The drafted mapping with the changes of the test."""
        return self.mapped(draft(catalog).mapping)

    def change_rule(self, table: str, **changes: Any) -> None:
        """Change the drafted rule of a table."""
        before = self.mapped

        def mapped(mapping: Mapping) -> Mapping:
            mapping = before(mapping)
            rule: TableRule = replace(mapping.tables[table], **changes)
            return replace(mapping, tables={**mapping.tables, table: rule})

        self.mapped = mapped

    def change_column(self, table: str, column: str, **rule: Any) -> None:
        """Give a column of a table another rule."""
        before = self.mapped

        def mapped(mapping: Mapping) -> Mapping:
            mapping = before(mapping)
            changed = mapping.tables[table]
            changed = replace(changed, columns={**changed.columns, column: ColumnRule(**rule)})
            return replace(mapping, tables={**mapping.tables, table: changed})

        self.mapped = mapped

    def decide(self, **decisions: CodeAction) -> None:
        """Decide on codes in the mapping."""
        before = self.mapped
        self.mapped = lambda mapping: replace(before(mapping), decisions={**mapping.decisions, **decisions})

    @contextmanager
    def context(self) -> Iterator[BackfillContext]:
        """The context of a new run, planned."""
        with open_source(f"sqlite:///{self.file}") as source:
            catalog = read_catalog(source)
            drafted = draft(catalog)
            text = mapping_text(drafted._replace(mapping=self.mapped(drafted.mapping)))
            run, _ = open_run(self.unit_of_work, source, text, share=None, into_used=True, clock=self.clock)
            context = run_context(run, source, self.unit_of_work, self.clock, catalog)
            plan(context, lambda *_: None)
            yield context

    def run(self) -> dict[str, Counts]:
        """Run to the end; returns the rows by table."""
        with self.context() as context:
            run_here(context, lambda _: None, clock=self.clock)
            self.run_id = context.run_id
        total: dict[str, Counts] = {}
        with self.unit_of_work.reading() as tx:
            items = tx.backfill_items.read(self.run_id)
        assert [item for item in items if item.state != "done"] == []
        for item in items:
            for table, counts in decode_counts(item.counts).items():
                total[table] = total.get(table, Counts()) + counts
        return total

    def findings(self) -> list[Finding]:
        """What a scan finds."""
        with open_source(f"sqlite:///{self.file}") as source:
            catalog = read_catalog(source)
            scanned = Scan(source, catalog, self.mapping(catalog)).run()
        return scanned.findings.kept()

    def rows(self) -> dict[str, int]:
        """The number of rows of each legacy table."""
        with closing(sqlite3.connect(self.file)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}

    def quarantined(self) -> list[QuarantinedRow]:
        """The rows that the last run set aside."""
        with self.unit_of_work.reading() as tx:
            return [each.row for each in tx.quarantined_rows.read(self.run_id)]

    def differences(self) -> list[Difference]:
        """What a proof of the scripts finds."""
        found: list[Difference] = []
        with open_source(f"sqlite:///{self.file}") as source, self.unit_of_work.reading() as tx:
            run = tx.backfill_runs.get(self.run_id)
            assert run is not None
            context = run_context(run, source, self.unit_of_work, self.clock)
            for item in tx.backfill_items.read(self.run_id):
                if item.domain == "scripts":
                    found += DOMAINS["scripts"].prove(context, item.name)
        return found

    def certificate(self) -> Certificate:
        """The verdict on the last run."""
        with open_source(f"sqlite:///{self.file}") as source:
            with self.unit_of_work.reading() as tx:
                run = tx.backfill_runs.get(self.run_id)
            assert run is not None
            return certify(run_context(run, source, self.unit_of_work, self.clock), run, lambda *_: None)

    def texts(self, script_id: int, version: int | None = None) -> list[str]:
        """The lines of a version of a script, or of its head."""
        with self.unit_of_work.reading() as tx:
            state = state_at(tx, script_id, version)
        return [line.text for line in state.lines()]

    def saves(self, script_id: int) -> list[tuple[int | None, int]]:
        """The number of each save there, and our version after it."""
        with self.unit_of_work.reading() as tx:
            return [(save.number, save.version_number) for _, save in tx.legacy_versions.read(script_id)]

    def origins(self, script_id: int) -> list[tuple[str, str, int | None, str, str]]:
        """The origin of each version."""
        with self.unit_of_work.reading() as tx:
            entries = list(tx.commands.read(script_id, upto=tx.heads.require(script_id).version))
        causes = [json.loads(entry.cause)["origin"] for entry in entries]
        return [
            (each["table"], each["key"], each.get("number"), each.get("author", "user"), each.get("actor", ""))
            for each in causes
        ]


def add_script(legacy: ScriptDatabase, script_id: Any = 7, owner: int | None = 1, **changes: Any) -> None:
    row = {
        "id": script_id,
        "userId": owner,
        "title": "The Ferry",
        "status": "draft",
        "content": None,
        "createdAt": DAY.format(1),
        "updatedAt": DAY.format(9),
        "versionNumber": 1,
        "deletedAt": None,
    } | changes
    legacy.add("scripts", tuple(row.values()))


def add_saves(legacy: ScriptDatabase, *contents: str | None, script_id: int = 7) -> None:
    for number, content in enumerate(contents, 1):
        key = script_id * 100 + number
        legacy.add("script_versions", (key, script_id, number, content, DAY.format(number)))


def overwrite(legacy: ScriptDatabase, content: str | None, day: int = 3, **fields: str) -> None:
    """Save a text in the row of the script."""
    values = {"content": content, "updatedAt": DAY.format(day), **fields}
    shown = ", ".join(f"{name} = {'NULL' if value is None else _quoted(value)}" for name, value in values.items())
    legacy.sql(f"UPDATE scripts SET {shown}")


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def everything_is_counted(legacy: ScriptDatabase, counts: dict[str, Counts]) -> bool:
    """The law: source rows = migrated + merged + quarantined + skipped."""
    return {table: count.rows for table, count in counts.items()} == {
        table: rows for table, rows in legacy.rows().items() if rows
    }
