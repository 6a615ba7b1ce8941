"""A small legacy database of rows without a home with us, a ledger, and runs between them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from backfill.domains.base import BackfillContext
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.local_run import run_here
from backfill.runs.opening import open_run, plan
from backfill.runs.run_context import run_context
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Clock

ROWS = 400
SECRET = "Only Ada may read this."
# Columns that say when and how often something was done.
VOLATILE = {"kept_at", "opened_at", "finished_at", "sent_at", "expires_at", "attempts", "claim", "hash_key", "found_at"}
LEGACY = f"""
CREATE TABLE ideas (id INTEGER PRIMARY KEY, body TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
INSERT INTO ideas SELECT i * 3, 'idea ' || i || ' 🎬' FROM n;
CREATE TABLE tag_links (idea TEXT, tag BLOB, weight DECIMAL(5,2), PRIMARY KEY (idea, tag)) WITHOUT ROWID;
INSERT INTO tag_links VALUES ('a', x'00ff', 1.5), ('a', x'01', NULL), ('ä', x'00', 2), ('b', x'', 3);
CREATE TABLE loose (word TEXT);
INSERT INTO loose VALUES ('one'), ('one'), (NULL), (CAST(x'ff00' AS TEXT));
"""
TABLES = {"ideas": ROWS, "tag_links": 4, "loose": 4}


def make_legacy_file(file: Path, *more: str) -> None:
    """Write the legacy database, and run further statements in it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(LEGACY + ";".join(more))
        connection.commit()


class Backfill:
    """One legacy file and one ledger; every process that works on them is a context."""

    def __init__(self, folder: Path, unit_of_work: UnitOfWork, clock: Clock) -> None:
        self.file = folder / "legacy.db"
        self.url = f"sqlite:///{self.file}"
        self.unit_of_work = unit_of_work
        self.clock = clock

    @contextmanager
    def context(self, *, mapping: str | None = None, share: int | None = None) -> Iterator[BackfillContext]:
        """The context of the active run, or of a new one, planned."""
        with open_source(self.url) as source:
            text = mapping or mapping_text(draft(read_catalog(source)))
            run, _ = open_run(
                self.unit_of_work, source, text, share=share, into_used=True, clock=self.clock
            )  # fmt: skip
            context = run_context(run, source, self.unit_of_work, self.clock)
            plan(context, lambda *_: None)
            yield context

    def run(self, **options: Any) -> Any:
        """Run to the end, in this process."""
        with self.context(**options) as context:
            return run_here(context, lambda _: None, clock=self.clock)

    def mapping(self) -> str:
        """The drafted mapping."""
        with open_source(self.url) as source:
            return mapping_text(draft(read_catalog(source)))


def table_rows(file: Path, *, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables of an SQLite file, in order, without the columns that depend on the time."""
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = bytes
        names = [name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for name in sorted(set(names) - set(but) - {"sqlite_sequence"}):
            columns = [row[1].decode() for row in connection.execute(f"PRAGMA table_info({name})")]
            kept = ", ".join(column for column in columns if column not in VOLATILE)
            found[name] = sorted(connection.execute(f"SELECT {kept} FROM {name}"), key=repr)
    return found


def copied_ledger(template: Path, to: Path) -> str:
    """A migrated ledger, copied instead of migrated again."""
    shutil.copy(template, to)
    return f"sqlite:///{to}"
