"""A small legacy database with scripts, story elements and personas, and the ledger that they are brought into."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from backfill.domains.base import BackfillContext, Counts, Difference, Domain, ItemWork, decode_counts
from backfill.mapping.decode import decode
from backfill.mapping.draft import draft
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.toml_text import mapping_text
from backfill.scripts.legacy_script import LegacySave, LegacyScript
from backfill.scripts.migrate_script import ScriptMigration
from backfill.translate.row_keys import row_key
from domain.log.entry import LogEntry
from domain.script.state import State
from domain.submissions.origin import Origin
from materialization.history.state_at import state_at
from repos.backfill.legacy_keys import NewKey
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.database.engine import make_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.scripts.legacy_history import ListedSaves
from tests.materialization.writer import SECOND, START, Clock, open_database

SCRIPTS = """
CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, email VARCHAR(100), created_at DATETIME);
INSERT INTO users VALUES (1, 'ann@ferry.example', NULL), (2, 'bea@ferry.example', NULL);
CREATE TABLE scripts (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER, title VARCHAR(100), content TEXT,
  created_at DATETIME);
"""
ELEMENTS = """
CREATE TABLE story_elements (id INTEGER NOT NULL PRIMARY KEY, script_id INTEGER, type VARCHAR(40), content TEXT,
  created_at DATETIME);
"""
ROWS = """
INSERT INTO story_elements VALUES
  (1, 1, 'premise', 'A ferry pilot.', '2019-05-02 09:25:00'),
  (2, 1, 'theme', '{"text": "What the tide keeps 🌫️"}', '2019-05-02 09:27:00'),
  (3, 9, 'theme', 'Of a script that was deleted.', '2019-05-06 08:00:00');
"""
GROWING = """
INSERT INTO story_elements VALUES
  (1, 1, 'premise', 'A ferry pilot.', '2019-05-02 09:25:00'),
  (2, 1, 'premise', 'A ferry pilot. Alone.', '2019-05-02 09:26:00'),
  (3, 1, 'premise', 'A ferry pilot. Alone. At noon.', '2019-05-02 09:27:00'),
  (4, 1, 'theme', 'What the tide keeps.', '2019-05-02 09:28:00');
"""
FIRST_SAVE = 1_552_000_000 * SECOND


@cache
def _migrated_ledger() -> bytes:
    """An empty ledger, made once: migrating takes longer than most tests."""
    with TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/ledger.db")
        upgrade.upgrade(engine)
        engine.dispose()
        return (Path(folder) / "ledger.db").read_bytes()


class DescribedSource:
    """The database as a file, and what is done with it."""

    def __init__(self, folder: Path, sql: str, *, decisions: str = "", of_rows: str = "", clock: Clock | None = None):
        self.file = folder / "legacy.db"
        self.execute(SCRIPTS + sql)
        (folder / "ledger.db").write_bytes(_migrated_ledger())
        self.unit_of_work: UnitOfWork = open_database(f"sqlite:///{folder}/ledger.db")
        self.clock = clock or Clock()
        with self.source() as source:
            text = mapping_text(draft(read_catalog(source)))
        text = text.replace("[decisions]\n", f"[decisions]\n{decisions}\n", 1) + of_rows
        self.mapping = decode(text)
        with self.unit_of_work.records() as tx:
            self.run_id = tx.backfill_runs.open(
                source="sqlite", mapping=text, hash_key=b"k" * 32, options=b"{}", now=START
            )
            keys = [NewKey(row_key([user]), user, b"\0" * 16) for user in (1, 2)]
            tx.legacy_keys.add("users", "users", keys)

    def execute(self, sql: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(sql)

    def forge(self, sql: str) -> None:
        """Change the ledger, bypassing the repositories."""
        with closing(sqlite3.connect(self.file.with_name("ledger.db"))) as connection:
            connection.executescript(sql)

    def source(self) -> Any:
        return open_source(f"sqlite:///{self.file}")

    def script(
        self, script_id: int, *, owner: int = 1, archived_at: int | None = None, saved_at: int = FIRST_SAVE
    ) -> None:
        """Bring a script of one save over."""
        origin = Origin(table="scripts", key=str(script_id))
        script = LegacyScript(
            script_id=script_id, origin=origin, title="A", owner=owner, created_at=saved_at, archived_at=archived_at
        )
        save = LegacySave(Origin(table="script_versions", key=str(script_id), number=1), b"A line.", saved_at)
        ScriptMigration(self.unit_of_work, clock=self.clock).run(script, ListedSaves([save]))
        with self.unit_of_work.records() as tx:
            tx.legacy_keys.add("scripts", "scripts", [NewKey(row_key([script_id]), script_id, b"\0" * 16)])

    def migrate(self, domain: Domain, *, seconds: float = 60) -> dict[str, Counts]:
        """Plan and do all items of a domain; the rows by table."""
        with self.source() as source:
            context = self._context(source)
            names = list(domain.items(context))
            with self.unit_of_work.records() as tx:
                planned = {each.name for each in tx.backfill_items.read(self.run_id) if each.domain == domain.name}
                tx.backfill_items.add(self.run_id, domain.name, [name for name in names if name not in planned])
            for item in self._items(domain):
                self.do(domain, context, item.id, seconds=seconds)
        total: dict[str, Counts] = {}
        for item in self._items(domain):
            for table, counts in decode_counts(item.counts).items():
                total[table] = total.get(table, Counts()) + counts
        return total

    def do(self, domain: Domain, context: BackfillContext, item_id: int, *, seconds: float = 60) -> None:
        """Do one item to its end, claimed again for each slice."""
        with self.unit_of_work.records() as tx:
            tx.quarantined_rows.remove_of_item(item_id)
            tx.backfill_items.retry(item_id)
        done = False
        while not done:
            with self.unit_of_work.records() as tx:
                due = tx.backfill_items.get(item_id)
                assert due is not None
                item = tx.backfill_items.claim(due, now=START, until=START + 600 * SECOND)
            assert item is not None
            done = domain.migrate(ItemWork(context, item, time.monotonic() + seconds))
            with self.unit_of_work.records() as tx:
                current = tx.backfill_items.get(item_id)
                assert current is not None
                assert tx.backfill_items.close(current, "done") if done else tx.backfill_items.give_back(current)

    def prove(self, domain: Domain) -> list[Difference]:
        with self.source() as source:
            context = self._context(source)
            return [each for name in domain.items(context) for each in domain.prove(context, name)]

    def quarantined(self) -> list[QuarantinedRow]:
        with self.unit_of_work.reading() as tx:
            return [each.row for each in tx.quarantined_rows.read(self.run_id)]

    def state(self, script_id: int, version: int | None = None) -> State:
        with self.unit_of_work.reading() as tx:
            return state_at(tx, script_id, version)

    def log(self, script_id: int) -> list[LogEntry]:
        with self.unit_of_work.reading() as tx:
            return list(tx.commands.read(script_id, upto=tx.heads.require(script_id).version))

    def _items(self, domain: Domain) -> Iterable[Any]:
        with self.unit_of_work.reading() as tx:
            return [item for item in tx.backfill_items.read(self.run_id) if item.domain == domain.name]

    def _context(self, source: Any) -> BackfillContext:
        catalog = read_catalog(source)
        tables = {
            name: MappedTable(catalog.tables[name], rule, b"k" * 32)
            for name, rule in self.mapping.tables.items()
            if rule.becomes is not None
        }
        return BackfillContext(
            source, catalog, self.mapping, tables, self.unit_of_work, b"k" * 32, self.run_id, self.clock
        )
